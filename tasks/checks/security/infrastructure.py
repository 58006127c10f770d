"""Looks for what is unsafe in Dockerfiles and workflows, in one run: checkov needs longer to start than to look."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tasks.checks.security.environments import environment, scripts
from tasks.checks.security.scan import Check, Finding, Scan
from tasks.checks.security.tool import program, run_json, snapshot
from tasks.checks.security.workflows import WORKFLOWS
from tasks.core.console import count
from tasks.core.errors import UserError

FRAMEWORKS = ("dockerfile", "github_actions")
KINDS = ("passed_checks", "failed_checks", "skipped_checks")
# A permission that is younger than the schema.
UNKNOWN = re.compile(r"^ (?= *attestations: (read|write|none)\b)", re.MULTILINE)
OPTIONS = ("--skip-download", "--compact", "--output=json")


def scan(files: list[str]) -> Scan:
    """Run checkov; a file that it cannot read is an error, a check that a comment skips is a finding."""
    checkov = program("checkov", scripts(environment("security-checkov")))
    with snapshot(files) as folder:
        _hide(Path(folder, path) for path in files)
        said = run_json([checkov, *OPTIONS, "--framework", *FRAMEWORKS, "--file", *files], folder=folder)
    reports = [each for each in (said if isinstance(said, list) else [said]) if "results" in each]
    seen = {_path(each) for report in reports for kind in KINDS for each in report["results"][kind]}
    if missed := sorted(set(files) - seen):
        raise UserError(f"checkov cannot read {', '.join(missed)}: no check of it passed or failed.")
    found = [_finding(each) for report in reports for kind in KINDS[1:] for each in report["results"][kind]]
    return Scan(count(len(files), "file"), found)


def _hide(workflows: Iterable[Path]) -> None:
    """Make comments of what checkov's schema of workflows does not know: it passes over a file that has any."""
    for path in workflows:
        path.write_text(UNKNOWN.sub("#", path.read_text(encoding="utf-8")), encoding="utf-8")


def _finding(result: dict[str, Any]) -> Finding:
    line = max(result["file_line_range"][0], 1)
    return Finding("checkov", result["check_id"], _path(result), line, result["check_name"], "medium")


def _path(result: dict[str, Any]) -> str:
    return str(result["repo_file_path"]).lstrip("/")


PATTERNS = f"Dockerfile Dockerfile.* *.Dockerfile {WORKFLOWS}"
CHECKS = [Check("infrastructure", "checkov", "checkov", scan, PATTERNS, slow=True)]
