"""Prints what came of the checks: a table, and below it what there is to do."""

import sys

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.checks.security.outcome import Outcome
from tasks.checks.security.scan import SEVERITIES, Finding
from tasks.core.console import count

COLOURS = {"ok": "green", "skipped": "yellow", "FAILED": "red", "ERROR": "red"}
# Wide enough for every row where no terminal says how wide it is.
WIDTH = 110


def console() -> Console:
    """Where to print; without a terminal, in plain text."""
    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, soft_wrap=False)


def verdict(outcome: Outcome) -> str:
    """A word or two for it."""
    if outcome.error:
        return "ERROR"
    if outcome.absent:
        return outcome.absent
    if outcome.skipped:
        return "skipped"
    return "FAILED" if outcome.findings else "ok"


def show(outcomes: list[Outcome]) -> None:
    """Print the table, then the findings, the errors and what was not checked."""
    screen = console()
    screen.print(_table(outcomes))
    for outcome in outcomes:
        for finding in outcome.findings:
            screen.print(Text(str(finding)), soft_wrap=True)
        if outcome.error:
            screen.print(Text(f"{outcome.name}: {outcome.error}"), soft_wrap=True)
    for outcome in outcomes:
        if outcome.skipped:
            screen.print(Text(f"NOT CHECKED: {outcome.name}: {outcome.skipped}", style="yellow"), soft_wrap=True)


def by_severity(findings: list[Finding]) -> str:
    """Such as `1 high, 2 low`; a dash for none."""
    numbers = {severity: sum(each.severity == severity for each in findings) for severity in SEVERITIES}
    return ", ".join(f"{number} {severity}" for severity, number in numbers.items() if number) or "-"


def last_line(failed: list[str], total: int) -> str:
    """How many checks failed, and which."""
    return f"security: {count(len(failed), 'check')} of {total} failed: {', '.join(failed)}"


def nothing_found(outcomes: list[Outcome]) -> str:
    """That no check failed, which says nothing of those that were not made."""
    left_out = [outcome.name for outcome in outcomes if outcome.skipped]
    more = f" in what was checked; {count(len(left_out), 'check')} not made: {', '.join(left_out)}" if left_out else ""
    return f"security: nothing found{more}"


def _table(outcomes: list[Outcome]) -> Table:
    table = Table(box=SIMPLE, pad_edge=False)
    for heading in ("part", "tool", "version", "looked at", "findings", "seconds", "result"):
        table.add_column(heading, justify="right" if heading in {"looked at", "seconds"} else "left")
    for outcome in outcomes:
        part = outcome.name.partition("/")[0]
        result = verdict(outcome)
        found = by_severity(outcome.findings) if outcome.is_made else "-"
        seconds = f"{outcome.seconds:.1f}"
        looked_at = outcome.looked_at or "-"
        table.add_row(
            *(part, outcome.tool, outcome.version, looked_at, found, seconds),
            Text(result, style=COLOURS.get(result, "")),
        )
    return table
