"""Brings the database to a migration, forwards or backwards."""

import argparse
import sys

from alembic import command

from tasks.core.errors import UserError
from tasks.database.migrations.runner import applied, configuration, plainly, require_one_head, scripts, title
from tasks.servers import persistent

ACTIONS = ("upgrade", "downgrade", "history")


def main() -> None:
    """Apply the migrations that the database lacks, or go to a revision, forwards or back (downgrade -1)."""
    parser = argparse.ArgumentParser(prog="nox -s migrate --", description=main.__doc__)
    parser.add_argument("action", nargs="?", default="upgrade", metavar="upgrade|downgrade|history|REVISION")
    parser.add_argument("revision", nargs="?", help="where to go: head, base, a revision, or steps such as +1 and -1")
    arguments = parser.parse_args()
    action, revision = arguments.action, arguments.revision
    if action not in ACTIONS:
        action, revision = "upgrade", action
    if action == "downgrade" and revision is None:
        parser.error("downgrade needs to know where to: -1 for one step, base for all, or a revision")
    try:
        with persistent("migrate") as servers:
            print(*run(action, revision or "head", servers.database_url), sep="\n")
    except UserError as error:
        sys.exit(str(error))


def run(action: str, revision: str, url: str) -> list[str]:
    """Go there, and tell the steps; a migration that fails is not applied, and a UserError says why."""
    if action == "history":
        return history(url)
    config = configuration(url)
    directory = scripts(config)
    if revision == "head" or revision.startswith("+"):
        require_one_head(directory)
    before = applied(url)
    with plainly():
        {"upgrade": command.upgrade, "downgrade": command.downgrade}[action](config, revision)
        after = applied(url)
        upper, lower = (after, before) if action == "upgrade" else (before, after)
        steps = [title(step) for step in directory.iterate_revisions(upper or "base", lower or "base")]
    if action == "upgrade":
        return [f"applied {step}" for step in reversed(steps)] or ["nothing to apply, the database is up to date"]
    return [f"undid {step}" for step in steps] or ["nothing to undo"]


def history(url: str) -> list[str]:
    """Each migration, the newest first, and whether the database has it."""
    with plainly():
        directory = scripts(configuration())
        has = {step.revision for step in directory.iterate_revisions(applied(url) or "base", "base")}
        lines = [
            ("applied  " if step.revision in has else "pending  ") + title(step) for step in directory.walk_revisions()
        ]
    return lines or ["no migrations yet"]


if __name__ == "__main__":
    main()
