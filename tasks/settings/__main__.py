"""The command behind `nox -s config`."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from tasks.core import cli
from tasks.core.console import WIDTH, count
from tasks.settings import contract
from tasks.settings.agreement import committed_faults
from tasks.settings.contract import Contract, Value

SECRETS_FOLDER = "SECRETS_FOLDER"
# Does not show the length of a secret.
MASK = "********"


def main() -> str | None:
    """Show the settings of an environment with masked secrets; fails if one is missing or wrong."""
    agreed = contract.read(Path.cwd())
    parser = argparse.ArgumentParser(prog="nox -s config --", description=main.__doc__)
    parser.add_argument("environment", choices=agreed.environments, help="one of: %(choices)s")
    advice = f"folder with a file for each secret (default: the variable {SECRETS_FOLDER})"
    parser.add_argument("--secrets", default=os.environ.get(SECRETS_FOLDER), metavar="FOLDER", help=advice)
    arguments = parser.parse_args()
    environment, secrets = arguments.environment, arguments.secrets
    values = contract.values(Path.cwd(), agreed, environment, Path(secrets) if secrets else None)
    problems = contract.problems(agreed, environment, values)
    if environment != contract.DEVELOPMENT:
        faults = committed_faults(Path.cwd(), agreed, environment)
        problems |= {fault.setting: f"{fault.reason} ({fault.file})" for fault in faults}
    show(agreed, values, problems)
    lines = [f"{name}: {reason}" for name, reason in problems.items()]
    summary = f"\n{environment} cannot start: {count(len(problems), 'setting')} missing or wrong."
    return "\n".join([summary, *lines]) if problems else None


def show(agreed: Contract, values: Mapping[str, Value], problems: Mapping[str, str]) -> None:
    """Print the table."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    value = Column("value", overflow="fold")
    table = Table("", "setting", value, "source", "read by", box=None, pad_edge=False)
    for name, setting in agreed.settings.items():
        mark = Text("✗", "red") if name in problems else Text("✓", "green")
        found = values.get(name, Value("", "missing" if setting.is_required else "none"))
        text = MASK if setting.holds_secret(found.text) else found.text
        readers = "all" if len(setting.readers) == len(agreed.readers) else ", ".join(setting.readers)
        # As Text, so that brackets in a value are no markup.
        table.add_row(mark, *map(Text, (name, text, found.source, readers)))
    console.print(table)


if __name__ == "__main__":
    cli.run(main)
