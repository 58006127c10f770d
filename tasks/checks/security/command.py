"""Runs the scanners and prints a table of their results, with the findings below it."""

import argparse
import os
from dataclasses import replace

from rich.console import Console
from rich.table import Column
from rich.text import Text

from tasks.checks import findings
from tasks.checks.files import project_files
from tasks.checks.security import sarif
from tasks.checks.security.checks import SCANNERS
from tasks.checks.security.packages import REPORTS
from tasks.checks.security.scanners import ENVIRONMENT, Outcome, run_all
from tasks.core.console import count
from tasks.core.environments import INCOMPLETE
from tasks.core.screen import print_table

COLOURS = {"ok": "green", "skipped": "yellow", "FAILED": "red", "ERROR": "red"}


def main() -> int:
    """Scan code, secrets, dependencies, containers and workflows for vulnerabilities."""
    parts = list(dict.fromkeys(scanner.part for scanner in SCANNERS))
    parser = argparse.ArgumentParser(prog="nox -s security --", description=main.__doc__)
    parser.add_argument("--only", action="append", choices=parts, help="only this part; may be repeated")
    parser.add_argument("--strict", action="store_true", help="fail if a scanner is skipped, as in CI")
    arguments = parser.parse_args()
    outcomes = scan(arguments.only or parts)
    report(outcomes)
    is_strict = arguments.strict or os.environ.get("CI") == "true"
    bad = {"FAILED", "ERROR", "skipped"} if is_strict else {"FAILED", "ERROR"}
    if failed := [outcome.name for outcome in outcomes if outcome.result in bad]:
        print(f"security: {count(len(failed), 'check')} of {len(outcomes)} failed: {', '.join(failed)}")
        return 1
    skipped = [outcome.name for outcome in outcomes if outcome.reason]
    rest = f"; {count(len(skipped), 'check')} skipped: {', '.join(skipped)}" if skipped else ""
    print(f"security: no findings{rest}; reports are in {REPORTS}")
    return 0


def scan(parts: list[str]) -> list[Outcome]:
    """Run the scanners of these parts, write their findings as SARIF, and review what is accepted."""
    entries, files = findings.entries(), project_files()
    scanners = [scanner for scanner in SCANNERS if scanner.part in parts]
    with Console().status(f"Running {count(len(scanners), 'scanner')}"):
        outcomes = run_all(scanners, files)
    remaining = [replace(each, findings=findings.remaining(entries, each.findings)) for each in outcomes]
    sarif.write(REPORTS / "security.sarif", remaining)
    # An entry is unused only if all scanners of its tool have finished, or there is none.
    finished = {each.name for each in outcomes if not each.reason}
    tools = {each.tool for each in outcomes} - {each.tool for each in SCANNERS if each.name not in finished}
    tools |= {each.tool for each in entries} - {each.tool for each in SCANNERS}
    found = findings.review(entries, [each.findings for each in outcomes], lambda entry: entry.tool in tools)
    found += findings.exceptions_elsewhere(files)
    return [*remaining, Outcome("accepted", scope=count(len(entries), "finding"), findings=found)]


def report(outcomes: list[Outcome]) -> None:
    """Print the table, then findings and errors, and at the end what was skipped."""
    rows: list[list[str | Text]] = []
    lines, skipped = [], []
    for each in outcomes:
        part, time, found = each.name.partition("/")[0], f"{each.seconds:.1f}", findings.by_severity(each.findings)
        result = Text(each.result, style=COLOURS.get(each.result, ""))
        rows.append([part, each.tool, each.version, each.scope, found, time, result])
        lines += [str(finding) for finding in each.findings]
        if each.obstacle == "ERROR":
            lines.append(f"{each.name}: {each.reason}")
        elif each.reason:
            skipped.append(f"NOT CHECKED: {each.name}: {each.reason}")
    scanned, seconds = Column("scanned", justify="right"), Column("seconds", justify="right")
    print_table(["part", "tool", "version", scanned, "findings", seconds, "result"], rows)
    if skipped:
        (ENVIRONMENT / INCOMPLETE).touch()
    print("", *lines, *skipped, sep="\n")
