"""The command behind `nox -s migrate`."""

import argparse

from alembic import command

from tasks.core import cli
from tasks.database.migrations.runner import applied, configuration, report_errors, require_one_head, scripts, title
from tasks.servers import persistent

ACTIONS = ("upgrade", "downgrade", "history")


def main() -> None:
    """Apply pending migrations, go to a revision, or undo migrations (downgrade -1)."""
    parser = argparse.ArgumentParser(prog="nox -s migrate --", description=main.__doc__)
    parser.add_argument("action", nargs="?", default="upgrade", metavar="upgrade|downgrade|history|REVISION")
    parser.add_argument("revision", nargs="?", help="head, base, a revision, or a number of steps such as +1 or -1")
    arguments = parser.parse_args()
    action, revision = arguments.action, arguments.revision
    if action not in ACTIONS:
        action, revision = "upgrade", action
    if action == "downgrade" and revision is None:
        parser.error("downgrade needs a target: -1 for one step, base for all, or a revision")
    with persistent("migrate") as servers:
        print(*run(action, revision or "head", servers.database_url), sep="\n")


def run(action: str, revision: str, url: str) -> list[str]:
    """Run an action and return the lines to print; UserError if a migration fails, which is then not applied."""
    if action == "history":
        return history(url)
    config = configuration(url)
    directory = scripts(config)
    if revision == "head" or revision.startswith("+"):
        require_one_head(directory)
    before = applied(url)
    with report_errors():
        {"upgrade": command.upgrade, "downgrade": command.downgrade}[action](config, revision)
        after = applied(url)
        upper, lower = (after, before) if action == "upgrade" else (before, after)
        steps = [title(step) for step in directory.iterate_revisions(upper or "base", lower or "base")]
    if action == "upgrade":
        return [f"applied {step}" for step in reversed(steps)] or ["nothing to apply, the database is up to date"]
    return [f"undid {step}" for step in steps] or ["nothing to undo"]


def history(url: str) -> list[str]:
    """A line for each migration, newest first, with its state in the database."""
    directory = scripts(configuration())
    with report_errors():
        known = {step.revision for step in directory.iterate_revisions(applied(url) or "base", "base")}
    state = {True: "applied", False: "pending"}
    lines = [f"{state[step.revision in known]}  {title(step)}" for step in directory.walk_revisions()]
    return lines or ["no migrations yet"]


if __name__ == "__main__":
    cli.run(main)
