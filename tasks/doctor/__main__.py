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
    statuses = [*machine.check(Path.cwd()), *project.check(Path.cwd())]
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    table = Table("", "what", "found", "what to do", box=None, pad_edge=False)
    for status in statuses:
        mark = Text("✓", "green")
        if status.remedy:
            mark = Text("✗", "red") if status.is_required else Text("!", "yellow")
        # As Text, so that brackets in what was found are no markup.
        table.add_row(mark, *map(Text, (status.subject, status.found, status.remedy)))
    console.print(table)
    failed = [status.subject for status in statuses if status.remedy and status.is_required]
    return f"The application cannot run until this is fixed: {', '.join(failed)}." if failed else None


if __name__ == "__main__":
    cli.run(main)
