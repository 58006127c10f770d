"""Runs the checks of security, side by side, with a table of what came of them."""

import argparse
import os
import sys
from dataclasses import replace

from tasks.checks.files import project_files
from tasks.checks.security import accepted, sarif
from tasks.checks.security.accepted import Entry
from tasks.checks.security.checks import CHECKS
from tasks.checks.security.outcome import Outcome, outcomes
from tasks.checks.security.summary import console, last_line, nothing_found, show, verdict
from tasks.checks.security.tool import REPORTS
from tasks.core.errors import UserError


def main() -> None:
    """Look for unsafe code, secrets, vulnerable packages, and unsafe containers and workflows."""
    parts = list(dict.fromkeys(check.part for check in CHECKS))
    parser = argparse.ArgumentParser(prog="nox -s security --", description=main.__doc__)
    parser.add_argument("--only", action="append", choices=parts, help="this part alone; may be repeated")
    parser.add_argument("--strict", action="store_true", help="fail where something cannot be checked, as in CI")
    arguments = parser.parse_args()
    try:
        code = run(arguments.only or parts, strict=arguments.strict or os.environ.get("CI") == "true")
    except UserError as error:
        sys.exit(str(error))
    sys.exit(code)


def run(parts: list[str], *, strict: bool) -> int:
    """Make the checks of these parts and report; returns the exit code."""
    entries = accepted.entries()
    checks = [check for check in CHECKS if check.part in parts]
    files = project_files()
    with console().status(f"Scanning with {len(checks)} checks"):
        made = outcomes(checks, files, workers=os.cpu_count() or 1)
    left = [replace(outcome, findings=accepted.left(entries, outcome.findings)) for outcome in made]
    sarif.write(REPORTS / "security.sarif", [each for each in left if each.is_made])
    left.append(_review(entries, made, files))
    show(left)
    return _conclude(left, strict=strict)


def _review(entries: list[Entry], made: list[Outcome], files: list[str]) -> Outcome:
    """The acceptances as a check of their own; one is idle only where all of its tool's checks were made."""
    found = [outcome.findings for outcome in made]
    names = {outcome.name for outcome in made if outcome.is_made}
    whole = {outcome.tool for outcome in made} - {check.tool for check in CHECKS if check.name not in names}
    scan = accepted.review(entries, found, lambda entry: entry.tool in whole)
    return Outcome("accepted", "", "", scan.looked_at, findings=[*scan.findings, *accepted.elsewhere(files)])


def _conclude(made: list[Outcome], *, strict: bool) -> int:
    bad = {"FAILED", "ERROR", "skipped"} if strict else {"FAILED", "ERROR"}
    failed = [outcome.name for outcome in made if verdict(outcome) in bad]
    print(last_line(failed, len(made)) if failed else f"{nothing_found(made)}; reports are in {REPORTS}")
    return bool(failed)


if __name__ == "__main__":
    main()
