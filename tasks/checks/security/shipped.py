"""Checks the licences of what reaches users, and writes its SBOMs."""

import json
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing
from packaging.utils import canonicalize_name

from tasks.checks.findings import Finding
from tasks.checks.security.dependencies import Pin, pins
from tasks.checks.security.scanners import Outcome, tool
from tasks.core import environments
from tasks.core.console import count
from tasks.core.errors import UserError
from tasks.project import locks

TOOL = "cyclonedx-py"
# It needs seconds to validate each package; a test of Slipway's validates these SBOMs.
OPTIONS = ("--output-reproducible", "--spec-version=1.6", "--no-validate")
REPORTS = Path(".data/security")
LICENSING = get_spdx_licensing()
# Licences in older metadata, which have no expression.
CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}


def policy(key: str) -> list[str]:
    """A list of [tool.slipway.security]: `ships`, the locks that do, or the `licences` of packages that are allowed."""
    value = locks.settings().get("security", {}).get(key)
    if not isinstance(value, list):
        raise UserError(f"pyproject.toml: {key} of [tool.slipway.security] must be a list.")
    return value


def write_sboms(_files: list[str], _folder: Path) -> Outcome:
    """Write an SBOM of each lock that ships, with which images are signed."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    packages = set()
    for lock in policy("ships"):
        sbom = sbom_of(lock)
        (REPORTS / f"sbom-{lock}.json").write_text(json.dumps(sbom, indent=2) + "\n", encoding="utf-8")
        packages |= {each["name"] for each in sbom["components"]}
    return Outcome(scope=count(len(packages), "package"))


def sbom_of(lock: str) -> Any:
    """The SBOM of an environment with what a lock has."""
    return tool(TOOL, "environment", str(environments.separate(lock)), *OPTIONS)


def check_licences(_files: list[str], _folder: Path) -> Outcome:
    """Compare the licences in the packages' metadata with those that are allowed."""
    ships, allowed = policy("ships"), policy("licences")
    looked_up = locks.settings()["security"].get("licence-of", {})
    # A package of several locks is found in the first.
    pinned = {pin.name: pin for lock in reversed(ships) for pin in pins(f"requirements/{lock}.txt")}
    components = [each for lock in ships for each in sbom_of(lock)["components"]]
    stated = {str(canonicalize_name(each["name"])): licences(each) for each in components}
    found = [
        finding
        for name, names in stated.items()
        for finding in _judge(pinned[name], names or [*filter(None, [looked_up.get(name)])], allowed)
    ]
    for name in [name for name in looked_up if stated.get(name, ["not shipped"])]:
        message = f"licence-of has {name}, which names its licence or is no longer shipped; delete the entry"
        found.append(Finding(TOOL, "unused", "pyproject.toml", 1, message, "low"))
    return Outcome(scope=count(len(stated), "package"), findings=found)


def licences(component: dict[str, Any]) -> list[str]:
    """The licences of an SBOM's component; if there are several, all apply."""
    stated = [
        each.get("expression") or each["license"].get("id") or each["license"].get("name")
        for each in component.get("licenses", [])
    ]
    return [CLASSIFIERS.get(each, each) for each in stated]


def is_allowed(expression: str, allowed: list[str]) -> bool:
    """Whether an SPDX expression is valid and can be satisfied with these licences."""
    try:
        parsed = LICENSING.parse(expression, validate=True, strict=True)
    except ExpressionError:
        return False
    return parsed is not None and _is_satisfied(parsed, allowed)


def _judge(pin: Pin, stated: list[str], allowed: list[str]) -> list[Finding]:
    refused = [each for each in stated if not is_allowed(each, allowed)]
    if stated and not refused:
        return []
    rule, fault = "not-allowed", f"has the licence {' and '.join(refused)}, which pyproject.toml does not allow"
    if not stated:
        rule, fault = "unknown", "names no licence; read its LICENSE file and add it to licence-of"
    return [Finding(TOOL, rule, pin.path, pin.line, f"{pin.name} {pin.version} {fault}", "medium")]


def _is_satisfied(part: Any, allowed: list[str]) -> bool:
    parts = [_is_satisfied(each, allowed) for each in part.args]
    if isinstance(part, LICENSING.OR):
        return any(parts)
    return all(parts) if isinstance(part, LICENSING.AND) else part.render() in allowed
