"""The command behind `nox -s config`."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from tasks.core.console import count
from tasks.core.errors import UserError
from tasks.settings import contract, sources
from tasks.settings.agreement import committed_faults
from tasks.settings.contract import Contract, Setting
from tasks.settings.secrecy import shown
from tasks.settings.sources import Value
from tasks.settings.validation import complaints

WIDTH_WITHOUT_TERMINAL = 120
SECRETS_FOLDER = "SECRETS_FOLDER"


def main() -> None:
    """Show the settings of an environment, secrets masked; fails when one is missing or wrong."""
    project = Path.cwd()
    try:
        agreed = contract.read(project)
        arguments = _parser(agreed).parse_args()
        values = sources.values(project, agreed, arguments.environment, arguments.secrets)
        problems = complaints(agreed, arguments.environment, values)
        if arguments.environment != sources.DEVELOPMENT:
            faults = committed_faults(project, agreed, arguments.environment)
            problems |= {fault.setting: f"{fault.reason} ({fault.file})" for fault in faults}
    except UserError as error:
        sys.exit(str(error))
    show(agreed, values, problems)
    sys.exit(verdict(agreed, arguments.environment, problems))


def show(agreed: Contract, values: Mapping[str, Value], problems: Mapping[str, str]) -> None:
    """Print the table."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False)
    value = Column("value", overflow="fold")
    table = Table("", "setting", value, "source", "read by", box=None, pad_edge=False)
    for name, setting in agreed.settings.items():
        mark = Text("✗", "red") if name in problems else Text("✓", "green")
        # As Text, so that brackets in a value are no markup.
        readers = "all" if len(setting.readers) == len(agreed.readers) else ", ".join(setting.readers)
        table.add_row(mark, *map(Text, (name, *_cells(setting, values.get(name)), readers)))
    console.print(table)


def verdict(agreed: Contract, environment: str, problems: Mapping[str, str]) -> str | None:
    """What is missing or wrong, a line for each; None when all is well."""
    if not problems:
        return None
    lines = [f"{name}: {_advised(agreed, environment, name, reason)}" for name, reason in problems.items()]
    return "\n".join([f"\n{environment} cannot start: {count(len(problems), 'setting')} missing or wrong.", *lines])


def _advised(agreed: Contract, environment: str, name: str, reason: str) -> str:
    setting = agreed.settings.get(name)
    is_missing = setting is not None and reason == "missing"
    return f"{reason}; {sources.remedy(setting, environment)}" if setting and is_missing else reason


def _cells(setting: Setting, value: Value | None) -> tuple[str, str]:
    if value is None:
        return "", "missing" if setting.is_required else "none"
    return shown(setting, value.text), value.source


def _parser(agreed: Contract) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s config --", description=main.__doc__)
    parser.add_argument("environment", choices=agreed.environments, help="one of: %(choices)s")
    folder = os.environ.get(SECRETS_FOLDER)
    parser.add_argument(
        "--secrets",
        type=Path,
        default=Path(folder) if folder else None,
        metavar="FOLDER",
        help=f"take secrets from the files in FOLDER as well; {SECRETS_FOLDER} in the environment says the same",
    )
    return parser


if __name__ == "__main__":
    main()
