"""The command behind `nox -s migrate`."""

import argparse

from alembic import command

from tasks.core import cli
from tasks.database.migrations.runner import applied, check_heads, configuration, report_errors, scripts, title
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


@report_errors()
def run(action: str, revision: str, url: str) -> list[str]:
    """Run an action and return the lines to print; a migration that fails is not applied."""
    config = configuration(url)
    directory = scripts(config)
    before = applied(url)
    if action == "history":
        known = {step.revision for step in directory.iterate_revisions(before or "base", "base")}
        states = {step: "applied" if step.revision in known else "pending" for step in directory.walk_revisions()}
        return [f"{state}  {title(step)}" for step, state in states.items()] or ["no migrations yet"]
    if revision == "head" or revision.startswith("+"):
        check_heads(directory)
    if action == "upgrade":
        command.upgrade(config, revision)
        steps = [title(step) for step in directory.iterate_revisions(applied(url) or "base", before or "base")]
        return [f"applied {step}" for step in reversed(steps)] or ["nothing to apply, the database is up to date"]
    command.downgrade(config, revision)
    steps = [title(step) for step in directory.iterate_revisions(before or "base", applied(url) or "base")]
    return [f"undid {step}" for step in steps] or ["nothing to undo"]


if __name__ == "__main__":
    cli.run(main)
