"""Reads and writes SARIF 2.1.0, the form in which most scanners report and which GitHub and editors read."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from tasks.checks.findings import Finding
from tasks.checks.security.scanners import Outcome
from tasks.core.errors import UserError

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
SEVERITIES = {"error": "high", "warning": "medium", "note": "low", "none": "low"}
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# GitHub shows the severity of an alert by this number, as in CVSS.
SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}


def read(log: dict[str, Any], tool: str, folder: Path) -> list[Finding]:
    """The findings of a tool that scanned this folder; UserError if it could not read a file."""
    [run] = log["runs"]
    notes = [note for each in run.get("invocations", []) for note in each.get("toolExecutionNotifications", [])]
    if notes:
        raise UserError("\n".join(f"{tool}: {note['message']['text']}" for note in notes))
    defaults = {rule["id"]: rule.get("defaultConfiguration", {}) for rule in run["tool"]["driver"].get("rules", [])}
    found = []
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        path = unquote(place["artifactLocation"]["uri"]).removeprefix(f"{folder.as_uri()}/")
        # Without the namespace that some tools put before a rule.
        rule = re.split(r"[./]", result["ruleId"])[-1]
        level = result.get("level") or defaults.get(result["ruleId"], {}).get("level", "warning")
        message = " ".join(result["message"]["text"].split())
        found.append(Finding(tool, rule, path, place["region"]["startLine"], message, SEVERITIES[level]))
    return found


def write(path: Path, outcomes: list[Outcome]) -> None:
    """Write a run for each scanner that finished: a run without findings closes the alerts of its category.

    Accepted findings must not be among them: GitHub opens an alert for a suppressed result too.
    """
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(each) for each in outcomes if not each.reason]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")


def _run(outcome: Outcome) -> dict[str, Any]:
    """A category of its own for each scanner, since a tool may have several of which not all have run."""
    rules, results = {}, []
    for each in outcome.findings:
        text = {"text": each.message}
        properties = {"security-severity": SCORES[each.severity], "tags": ["security"]}
        rules[each.rule] = {"id": each.rule, "shortDescription": text, "properties": properties}
        artifact = {"uri": quote(each.path), "uriBaseId": "%SRCROOT%"}
        place = {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": each.line}}}
        results.append({"ruleId": each.rule, "level": LEVELS[each.severity], "message": text, "locations": [place]})
    driver = {"name": outcome.tool, "version": outcome.version, "rules": [*rules.values()]}
    return {"tool": {"driver": driver}, "automationDetails": {"id": f"{outcome.name}/"}, "results": results}
