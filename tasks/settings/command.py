"""The command behind `nox -s config`."""

import argparse
import os
from pathlib import Path

from rich.table import Column
from rich.text import Text

from tasks.core.console import count
from tasks.core.screen import MARKS, print_table
from tasks.settings import contract
from tasks.settings.contract import Contract, Setting, Value

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
        faults = contract.committed_faults(Path.cwd(), agreed, environment)
        problems |= {fault.setting: f"{fault.reason} ({fault.file})" for fault in faults}
    rows = [row(setting, values, agreed, is_wrong=name in problems) for name, setting in agreed.settings.items()]
    print_table(["", "setting", Column("value", overflow="fold"), "source", "read by"], rows)
    lines = [f"{name}: {reason}" for name, reason in problems.items()]
    summary = f"\n{environment} cannot start: {count(len(problems), 'setting')} missing or wrong."
    return "\n".join([summary, *lines]) if problems else None


def row(setting: Setting, values: dict[str, Value], agreed: Contract, *, is_wrong: bool) -> list[str | Text]:
    """The cells of a setting, with its secret masked."""
    found = values.get(setting.name, Value("", "missing" if setting.is_required else "none"))
    text = MASK if setting.holds_secret(found.text) else found.text
    readers = "all" if len(setting.readers) == len(agreed.readers) else ", ".join(setting.readers)
    return [Text(*MARKS["failed" if is_wrong else "ready"]), setting.name, text, found.source, readers]
