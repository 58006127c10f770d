"""Looks for what is unsafe in Python code in general."""

import re

from tasks.checks.security.scan import Check, Finding, Scan
from tasks.checks.security.tool import program, run_json
from tasks.core.console import count
from tasks.core.errors import UserError

OPTIONS = ("--quiet", "--format=json", "--ignore-nosec")
# The application has to satisfy every rule. Tools run programs by their names for a living, which these rules flag
# whether it is safe or not: arguments are lists, and B602 and our own rules find those that are a shell's text.
RUNS_PROGRAMS = ("B404", "B603", "B606", "B607")
# Tests invent their passwords; what is like a real one, gitleaks finds there too.
INVENTS_PASSWORDS = ("B105", "B106", "B107")
ASSERTS = ("B101",)
# Where they are, in a project and in the toolkit around the template: folders deeper down are the application's.
TOOLS = re.compile(r"(template/)?(tasks/|toolkit/|noxfile\.py$)")
TESTS = re.compile(r"(template/)?tests/")


def scan(files: list[str]) -> Scan:
    """Run bandit; a file that it cannot read is an error, for bandit itself passes over it."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for path in files:
        groups.setdefault(left_out(path), []).append(path)
    return Scan(count(len(files), "file"), [each for rules, paths in groups.items() for each in _run(rules, paths)])


def left_out(path: str) -> tuple[str, ...]:
    """The rules that are not for this file."""
    if TESTS.match(path):
        return RUNS_PROGRAMS + INVENTS_PASSWORDS + ASSERTS
    return RUNS_PROGRAMS if TOOLS.match(path) else ()


def _run(rules: tuple[str, ...], files: list[str]) -> list[Finding]:
    skip = [f"--skip={','.join(rules)}"] if rules else []
    said = run_json([program("bandit"), *OPTIONS, *skip, *files])
    if said["errors"]:
        raise UserError(
            "\n".join(f"bandit cannot read {each['filename']}: {each['reason']}" for each in said["errors"])
        )
    return [_finding(each) for each in said["results"]]


def _finding(result: dict[str, str]) -> Finding:
    path = result["filename"].removeprefix("./")
    severity = result["issue_severity"].lower()
    return Finding("bandit", result["test_id"], path, int(result["line_number"]), result["issue_text"], severity)


CHECKS = [Check("code", "bandit", "bandit", scan, "*.py")]
