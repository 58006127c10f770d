"""Looks for what is unsafe in Python code in general."""

from tasks.report import count
from tasks.security.scan import Check, Finding, Scan
from tasks.security.tool import FOLDER, program, run_json
from tasks.trouble import Trouble

OPTIONS = ("--quiet", "--format=json", "--ignore-nosec", f"--configfile={FOLDER / 'bandit.yaml'}")


def scan(files: list[str]) -> Scan:
    """Run bandit; a file that it cannot read is an error, for bandit itself passes over it."""
    said = run_json([program("bandit"), *OPTIONS, *files])
    if said["errors"]:
        raise Trouble("\n".join(f"bandit cannot read {each['filename']}: {each['reason']}" for each in said["errors"]))
    return Scan(count(len(files), "file"), [_finding(each) for each in said["results"]])


def _finding(result: dict[str, str]) -> Finding:
    path = result["filename"].removeprefix("./")
    severity = result["issue_severity"].lower()
    return Finding("bandit", result["test_id"], path, int(result["line_number"]), result["issue_text"], severity)


CHECKS = [Check("code", "bandit", "bandit", scan, "*.py")]
