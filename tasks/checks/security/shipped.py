"""Checks the licences of what reaches users and writes its bills of materials."""

import json
import re
import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from tasks.checks.security.environments import environment
from tasks.checks.security.pins import Pin, normal, pins
from tasks.checks.security.scan import Check, Finding, Scan
from tasks.checks.security.schemas import against
from tasks.checks.security.tool import REPORTS, program, run
from tasks.core.console import count
from tasks.core.errors import UserError

TOOL = "cyclonedx-py"
SPECIFICATION = "1.6"
# What older metadata say instead of an expression.
CLASSIFIED = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}


@dataclass(frozen=True)
class Policy:
    """`[tool.slipway.security]` of pyproject.toml: the locks that ship, the licences that their packages may have."""

    ships: list[str]
    licences: list[str]
    licence_of: dict[str, str]


def policy() -> Policy:
    """What the project decided."""
    table = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8")).get("tool", {}).get("slipway", {})
    wanted = table.get("security", {})
    if not isinstance(wanted.get("ships", []), list):
        raise UserError('pyproject.toml: ships under [tool.slipway.security] has to be a list, such as ["backend"].')
    try:
        return Policy(wanted["ships"], wanted["licences"], wanted.get("licence-of", {}))
    except KeyError as missing:
        raise UserError(f"pyproject.toml has no {missing} under [tool.slipway.security]; restore it.") from None


def write_bills(_files: list[str]) -> Scan:
    """Write a bill for each lock that ships, which is what the images with that lock are signed with."""
    found, listed = [], set()
    locks = policy().ships
    for lock in locks:
        names = write_bill(lock)
        strays = [pin for pin in shipped_pins(lock) if pin.name not in names and " ; " not in pin.text]
        found += [_finding(pin, "incomplete", f"{pin.name} is not in {bill_place(lock)}") for pin in strays]
        listed |= names
    # check-jsonschema wants at least one file.
    found += invalid([bill_place(lock) for lock in locks]) if locks else []
    return Scan(count(len(listed), "package"), found)


def bill_place(lock: str) -> Path:
    """Where the bill of a lock is."""
    return REPORTS / f"sbom-{lock}.json"


def write_bill(lock: str) -> set[str]:
    """Write the bill of a lock's environment; returns what it lists."""
    bill = bill_of(environment(lock))
    REPORTS.mkdir(parents=True, exist_ok=True)
    bill_place(lock).write_text(bill, encoding="utf-8")
    return {normal(each["name"]) for each in json.loads(bill)["components"]}


def bill_of(place: Path) -> str:
    """The bill of what is installed in an environment."""
    options = ("--output-reproducible", f"--spec-version={SPECIFICATION}", "--no-validate")
    return run([program(TOOL), "environment", str(place), *options], codes=(0,))


def invalid(bills: list[Path]) -> list[Finding]:
    """What in these bills is against CycloneDX's schema.

    cyclonedx-py validates too, and takes 11 s for 18 packages where this takes 4 s for any number: it parses each
    address with a grammar of RFC 3987.
    """
    schemas = Path(str(files("cyclonedx"))) / "schema" / "_res"
    schema = f"--schemafile={schemas}/bom-{SPECIFICATION}.SNAPSHOT.schema.json"
    # The schema refers to others beside it.
    options = (schema, f"--base-uri={schemas.as_uri()}/", "--disable-formats=iri-reference")
    found = against([str(bill) for bill in bills], *options)
    return [replace(each, message=each.message[:300]) for each in found]


def scan_licences(_files: list[str]) -> Scan:
    """Hold what the packages' metadata say against the licences that are allowed; saying nothing is a finding too."""
    decided = policy()
    # What several have in common is found in the first.
    locks = decided.ships[::-1]
    pinned = {pin.name: pin for lock in locks for pin in shipped_pins(lock)}
    components = [each for lock in locks for each in json.loads(bill_of(environment(lock)))["components"]]
    known = {normal(each["name"]): licences(each) for each in components}
    found = [_judge(pinned[name], stated, decided) for name, stated in known.items()]
    idle = [name for name in decided.licence_of if known.get(name, ["gone"])]
    found += [_idle(name) for name in idle]
    return Scan(count(len(known), "package"), [each for each in found if each])


def licences(component: dict[str, Any]) -> list[str]:
    """The licences of a component of a bill; where there are several, all apply."""
    stated = [
        each.get("expression") or each["license"].get("id") or each["license"].get("name")
        for each in component.get("licenses", [])
    ]
    return [CLASSIFIED.get(each, each) for each in stated]


def is_allowed(expression: str, allowed: list[str]) -> bool:
    """Whether an SPDX expression can be satisfied with these licences; what is no such expression is not."""
    words = re.findall(r"[()]|[^\s()]+", expression)
    try:
        return _either(words, allowed) and not words
    except IndexError:
        return False


def shipped_pins(lock: str) -> list[Pin]:
    """What reaches users."""
    return pins(f"requirements/{lock}.txt")


def _either(words: list[str], allowed: list[str]) -> bool:
    """Take `A OR B …` from the words."""
    fits = _together(words, allowed)
    while words[:1] == ["OR"]:
        words.pop(0)
        fits = _together(words, allowed) or fits
    return fits


def _together(words: list[str], allowed: list[str]) -> bool:
    """Take `A AND B …` from the words."""
    fits = _one(words, allowed)
    while words[:1] == ["AND"]:
        words.pop(0)
        fits = _one(words, allowed) and fits
    return fits


def _one(words: list[str], allowed: list[str]) -> bool:
    """Take a licence, with its exception if it has one, or what is in parentheses from the words."""
    licence = words.pop(0)
    if licence == "(":
        return _either(words, allowed) and words.pop(0) == ")"
    if words[:1] == ["WITH"]:
        licence = " ".join([licence, words.pop(0), words.pop(0)])
    return licence in allowed


def _judge(pin: Pin, stated: list[str], decided: Policy) -> Finding | None:
    stated = stated or [each for each in [decided.licence_of.get(pin.name)] if each]
    if not stated:
        said = f"{pin.name} {pin.version} names no licence; read its LICENSE file and put it under licence-of"
        return _finding(pin, "unknown", said)
    refused = [each for each in stated if not is_allowed(each, decided.licences)]
    said = f"{pin.name} {pin.version} has the licence {' and '.join(refused)}, which pyproject.toml does not allow"
    return _finding(pin, "not-allowed", said) if refused else None


def _idle(name: str) -> Finding:
    said = f"licence-of has {name}, which names its licence or is not shipped any more; delete that entry"
    return Finding(TOOL, "unused", "pyproject.toml", 1, said, "low")


def _finding(pin: Pin, rule: str, message: str) -> Finding:
    return Finding(TOOL, rule, pin.path, pin.line, message, "medium")


CHECKS = [
    Check("licences", TOOL, "cyclonedx-bom", scan_licences, "requirements/*.txt"),
    Check("sbom", TOOL, "cyclonedx-bom", write_bills, "requirements/*.txt", slow=True),
]
