"""The command behind `nox -s doctor`."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.core.errors import UserError
from tasks.doctor import machine, project
from tasks.doctor.finding import Finding

WIDTH_WITHOUT_TERMINAL = 120


def main() -> None:
    """Show what this machine has and lacks; fails only when something that is required is missing."""
    argparse.ArgumentParser(prog="nox -s doctor", description=main.__doc__).parse_args()
    here = Path.cwd()
    try:
        findings = [*machine.look(here), *project.look(here)]
    except UserError as error:
        sys.exit(str(error))
    show(findings)
    if obstacles := [finding.subject for finding in findings if finding.is_obstacle]:
        sys.exit(f"The application cannot run before this is mended: {', '.join(obstacles)}.")


def show(findings: list[Finding]) -> None:
    """Print the table."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False)
    table = Table("", "what", "found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        # As Text, so that brackets in what was found are no markup.
        table.add_row(_mark(finding), *map(Text, (finding.subject, finding.found, finding.remedy)))
    console.print(table)


def _mark(finding: Finding) -> Text:
    if finding.is_obstacle:
        return Text("✗", "red")
    return Text("!", "yellow") if finding.is_amiss else Text("✓", "green")


if __name__ == "__main__":
    main()
