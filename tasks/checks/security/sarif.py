"""Writes findings as SARIF 2.1.0, which GitHub and editors read."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tasks.checks.security.outcome import Outcome
from tasks.checks.security.scan import Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# GitHub tells how bad an error is by a number, as CVSS does.
SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}


def write(path: Path, made: list[Outcome]) -> None:
    """Write a run for each of the checks, which were made to their end: one without findings closes what is open.

    What is accepted is not to be among the findings: GitHub opens an alert for a suppressed result too.
    """
    runs = [run(outcome) for outcome in made]
    path.parent.mkdir(parents=True, exist_ok=True)
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}
    path.write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")


def run(outcome: Outcome) -> dict[str, Any]:
    """What one check found, in a category of its own: a tool may have several checks, and not all are always made."""
    rules = {each.rule: each for each in outcome.findings}
    driver = {"name": outcome.tool, "version": outcome.version, "rules": [_rule(each) for each in rules.values()]}
    results = [_result(each) for each in outcome.findings]
    return {"tool": {"driver": driver}, "automationDetails": {"id": f"{outcome.name}/"}, "results": results}


def _rule(finding: Finding) -> dict[str, Any]:
    properties = {"security-severity": SCORES[finding.severity], "tags": ["security"]}
    return {"id": finding.rule, "shortDescription": {"text": finding.message}, "properties": properties}


def _result(finding: Finding) -> dict[str, Any]:
    artifact = {"uri": quote(finding.path), "uriBaseId": "%SRCROOT%"}
    place = {"artifactLocation": artifact, "region": {"startLine": finding.line}}
    return {
        "ruleId": finding.rule,
        "level": LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place}],
    }
