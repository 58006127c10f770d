"""Holds Compose files and workflows, and whatever else has one, against the schemas that their makers publish."""

from functools import partial

from tasks.checks.security.scan import Check, Finding, Scan
from tasks.checks.security.tool import program, run_json
from tasks.checks.security.workflows import WORKFLOWS
from tasks.core.console import count


def scan(schema: str, files: list[str]) -> Scan:
    """Look for what is against a schema that check-jsonschema brings."""
    return Scan(count(len(files), "file"), against(files, f"--builtin-schema=vendor.{schema}"))


def against(files: list[str], *schema: str) -> list[Finding]:
    """Run check-jsonschema with the options that name a schema; a file that is no YAML is a finding too."""
    said = run_json([program("check-jsonschema"), *schema, "--output-format=json", "--color=never", *files])
    wrong = [_finding(each["filename"], f"{each['path']}: {each['message']}") for each in said["errors"]]
    wrong += [_finding(each["filename"], each["message"]) for each in said.get("parse_errors", [])]
    return wrong


def _finding(path: str, message: str) -> Finding:
    return Finding("check-jsonschema", "schema", path, 1, message, "medium")


def _check(part: str, schema: str, patterns: str) -> Check:
    return Check(part, "check-jsonschema", "check-jsonschema", partial(scan, schema), patterns)


CHECKS = [
    _check("compose", "compose-spec", "compose*.yaml compose*.yml docker-compose*.y*ml"),
    _check("workflow-schema", "github-workflows", WORKFLOWS),
]
