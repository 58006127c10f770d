"""Runs the scanners and prints a table of their results, with the findings below it."""

import argparse
import os
import sys
from dataclasses import replace

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.checks import accepted
from tasks.checks.accepted import Entry
from tasks.checks.files import project_files
from tasks.checks.findings import by_severity
from tasks.checks.security import sarif
from tasks.checks.security.checks import SCANNERS
from tasks.checks.security.scanners import Outcome, run_all
from tasks.checks.security.shipped import REPORTS
from tasks.core import cli
from tasks.core.console import WIDTH, count

COLUMNS = ("part", "tool", "version", "scanned", "findings", "seconds", "result")
COLOURS = {"ok": "green", "skipped": "yellow", "FAILED": "red", "ERROR": "red"}


def main() -> int:
    """Scan code, secrets, dependencies, containers and workflows for vulnerabilities."""
    parts = list(dict.fromkeys(scanner.part for scanner in SCANNERS))
    parser = argparse.ArgumentParser(prog="nox -s security --", description=main.__doc__)
    parser.add_argument("--only", action="append", choices=parts, help="only this part; may be repeated")
    parser.add_argument("--strict", action="store_true", help="fail if a scanner is skipped, as in CI")
    arguments = parser.parse_args()
    screen = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    outcomes = scan(arguments.only or parts, screen)
    report(outcomes, screen)
    is_strict = arguments.strict or os.environ.get("CI") == "true"
    bad = {"FAILED", "ERROR", "skipped"} if is_strict else {"FAILED", "ERROR"}
    failed = [outcome.name for outcome in outcomes if outcome.result in bad]
    skipped = [outcome.name for outcome in outcomes if outcome.obstacle and outcome.reason]
    if failed:
        print(f"security: {count(len(failed), 'check')} of {len(outcomes)} failed: {', '.join(failed)}")
    else:
        rest = f"; {count(len(skipped), 'check')} skipped: {', '.join(skipped)}" if skipped else ""
        print(f"security: no findings{rest}; reports are in {REPORTS}")
    return int(bool(failed))


def scan(parts: list[str], screen: Console) -> list[Outcome]:
    """Run the scanners of these parts, write their findings as SARIF, and review what is accepted."""
    entries = accepted.entries()
    scanners = [scanner for scanner in SCANNERS if scanner.part in parts]
    files = project_files()
    with screen.status(f"Running {count(len(scanners), 'scanner')}"):
        outcomes = run_all(scanners, files)
    remaining = [replace(each, findings=accepted.remaining(entries, each.findings)) for each in outcomes]
    sarif.write(REPORTS / "security.sarif", remaining)
    return [*remaining, _review(entries, outcomes, files)]


def _review(entries: list[Entry], outcomes: list[Outcome], files: list[str]) -> Outcome:
    """An entry is unused only if all scanners of its tool have run."""
    complete = {outcome.name for outcome in outcomes if outcome.is_complete}
    tools = {outcome.tool for outcome in outcomes} - {each.tool for each in SCANNERS if each.name not in complete}
    found = accepted.review(entries, [outcome.findings for outcome in outcomes], lambda entry: entry.tool in tools)
    found += accepted.exceptions_elsewhere(files)
    return Outcome("accepted", scope=count(len(entries), "finding"), findings=found)


def report(outcomes: list[Outcome], screen: Console) -> None:
    """Print the table, then findings and errors, and what was skipped at the end."""
    table = Table(box=SIMPLE, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in {"scanned", "seconds"} else "left")
    lines = []
    for outcome in outcomes:
        result = Text(outcome.result, style=COLOURS.get(outcome.result, ""))
        found = by_severity(outcome.findings)
        part = outcome.name.partition("/")[0]
        table.add_row(part, outcome.tool, outcome.version, outcome.scope, found, f"{outcome.seconds:.1f}", result)
        lines += [str(finding) for finding in outcome.findings]
        lines += [f"{outcome.name}: {outcome.reason}"] if outcome.obstacle == "ERROR" else []
    skipped = [outcome for outcome in outcomes if outcome.reason and outcome.obstacle != "ERROR"]
    lines += [f"NOT CHECKED: {outcome.name}: {outcome.reason}" for outcome in skipped]
    screen.print(table)
    for line in lines:
        screen.print(Text(line), soft_wrap=True)


if __name__ == "__main__":
    cli.run(main)
