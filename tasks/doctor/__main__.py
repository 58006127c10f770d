"""The command behind `nox -s doctor`."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.core import cli
from tasks.core.console import WIDTH
from tasks.doctor import machine, project


def main() -> str | None:
    """Check this machine and project; fails only if something required is missing."""
    argparse.ArgumentParser(prog="nox -s doctor", description=main.__doc__).parse_args()
    findings = [*machine.check(Path.cwd()), *project.check(Path.cwd())]
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    table = Table("", "what", "found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        mark = Text("✓", "green")
        if finding.remedy:
            mark = Text("✗", "red") if finding.is_required else Text("!", "yellow")
        # As Text, so that brackets in what was found are no markup.
        table.add_row(mark, *map(Text, (finding.subject, finding.found, finding.remedy)))
    console.print(table)
    failed = [finding.subject for finding in findings if finding.remedy and finding.is_required]
    return f"The application cannot run until this is fixed: {', '.join(failed)}." if failed else None


if __name__ == "__main__":
    cli.run(main)
