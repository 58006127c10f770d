"""The command behind `nox -s migrate`."""

import argparse
from pathlib import Path

from alembic import command

from tasks.core.errors import UserError
from tasks.database.migrations.runner import applied, check_heads, configuration, report_errors, scripts, title
from tasks.project import setup
from tasks.servers import persistent

ACTIONS = ("upgrade", "downgrade", "history")
DIFFERENT = """The database differs from the models:
  {}
If the models are newer: nox -s migration -- "what it does". If a migration was put before an applied one: put it back,
undo the applied one (nox -s migrate -- downgrade -1), and order them again. Or: nox -s db -- reset"""
UNKNOWN = """The database is at {}, a migration of another branch. Undo it there: nox -s migrate -- downgrade -1
Or empty the database: nox -s db -- reset"""


def main() -> None:
    """Apply pending migrations, go to a revision, or undo migrations (downgrade -1)."""
    parser = argparse.ArgumentParser(prog="nox -s migrate --", description=main.__doc__)
    parser.add_argument("action", nargs="?", default="upgrade", metavar="upgrade|downgrade|history|REVISION")
    advice = "head, current (only grant rights), base, a revision, or a number of steps such as +1 or -1"
    parser.add_argument("revision", nargs="?", help=advice)
    parser.add_argument("--warn", action="store_true", help="do not fail if the database differs from the models")
    arguments = parser.parse_args()
    action, revision = arguments.action, arguments.revision
    if action not in ACTIONS:
        action, revision = "upgrade", action
    if action == "downgrade" and revision is None:
        parser.error("downgrade needs a target: -1 for one step, base for all, or a revision")
    if change := setup.complete(Path.cwd()):
        print(change, flush=True)
    with persistent("migrate") as servers:
        print(*run(action, revision or "head", servers.database_url, warn=arguments.warn), sep="\n")


@report_errors()
def run(action: str, revision: str, url: str, *, warn: bool = False) -> list[str]:
    """Run an action and return the lines to print; a migration that fails is not applied."""
    config = configuration(url)
    directory = scripts(config)
    states = dict.fromkeys(directory.walk_revisions(), "pending")
    before = applied(url)
    if unknown := {*before} - {script.revision for script in states}:
        raise UserError(UNKNOWN.format(", ".join(unknown)))
    if action == "history":
        states |= dict.fromkeys(directory.iterate_revisions(before or "base", "base"), "applied")
        return [f"{state}  {title(script)}" for script, state in states.items()] or ["no migrations yet"]
    if revision == "head" or revision.startswith("+"):
        check_heads(config)
    steps: list[str] = []
    config.attributes["on_version_apply"] = lambda *, step, **_: steps.append(title(step.up_revision))
    if action == "downgrade":
        command.downgrade(config, revision)
        return [f"undid {step}" for step in steps] or ["nothing to undo"]
    # Of the services' roles, from the settings.
    config.attributes["passwords"] = True
    if revision == "current":
        command.current(config)
        return ["granted the services their rights"]
    different: dict[str, bool] = {}
    if revision == "head":
        config.attributes["differences"] = different
    command.upgrade(config, revision)
    lines = [f"applied {step}" for step in steps] or ["nothing to apply, the database is up to date"]
    # The database may have tables and types of its own.
    if declared := [line for line, is_declared in different.items() if is_declared]:
        lines.append(DIFFERENT.format("\n  ".join(declared)))
        if not warn:
            raise UserError("\n".join(lines))
    return lines
