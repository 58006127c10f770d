"""The command behind `nox -s jobs`: the dead letters, which are jobs that have failed for good."""

import argparse
from contextlib import suppress
from uuid import UUID

import psycopg
from psycopg.errors import UndefinedTable
from rich.table import Column

from tasks.core.console import count
from tasks.core.errors import UserError
from tasks.core.screen import print_table
from tasks.database.operations import connect
from tasks.servers import persistent

LIST = """
SELECT id::text, name, date_trunc('second', now() - failed_at)::text, failures::text, error
FROM jobs WHERE failed_at IS NOT NULL ORDER BY failed_at DESC LIMIT %s
"""
COUNT = "SELECT count(*) FROM jobs WHERE failed_at IS NOT NULL"
SHOWN = 50
CHANGES = {
    "retry": """
        UPDATE jobs SET failed_at = NULL, failures = 0, published = 0, due_at = now()
        WHERE failed_at IS NOT NULL AND (%(all)s OR id = ANY(%(ids)s)) RETURNING id
    """,
    "delete": "DELETE FROM jobs WHERE failed_at IS NOT NULL AND (%(all)s OR id = ANY(%(ids)s)) RETURNING id",
}
DONE = {"retry": "will run again", "delete": "deleted"}


def main() -> None:
    """List the dead letters of background jobs, run them again, or delete them."""
    parser = argparse.ArgumentParser(prog="nox -s jobs --", description=main.__doc__)
    subparsers = parser.add_subparsers(dest="action", metavar="|".join(["list", *CHANGES]))
    subparsers.add_parser("list", help="list them (default)")
    for name in CHANGES:
        subparser = subparsers.add_parser(name, help=f"{name} these dead letters")
        chosen = subparser.add_mutually_exclusive_group(required=True)
        chosen.add_argument("ids", nargs="*", type=UUID, default=[], metavar="ID")
        chosen.add_argument("--all", action="store_true", help="all of them")
    arguments = parser.parse_args()
    with persistent("jobs") as servers, connect(servers.database_url) as connection:
        try:
            if arguments.action in CHANGES:
                change(connection, arguments.action, arguments.ids)
            else:
                show(connection)
        except UndefinedTable:
            raise UserError("The database has no table of jobs. Apply the migrations: nox -s migrate") from None


def show(connection: psycopg.Connection) -> None:
    """Print a line for each of the latest dead letters, and the number of the others."""
    rows = connection.execute(LIST, [SHOWN]).fetchall()
    if not rows:
        print("No dead letters.")
        return
    print_table(["id", "job", "age", "runs", Column("reason", overflow="fold")], [list(row) for row in rows])
    if others := dead_letters(connection) - len(rows):
        print(f"\n{others:,} older ones are not shown.")
    print("\nTo run one again: nox -s jobs -- retry ID; or all: nox -s jobs -- retry --all")


def dead_letters(connection: psycopg.Connection) -> int:
    """The number of dead letters; none in a database without the table."""
    with suppress(UndefinedTable):
        return int((connection.execute(COUNT).fetchone() or [0])[0])
    return 0


def change(connection: psycopg.Connection, action: str, ids: list[UUID]) -> None:
    """Retry or delete dead letters, all without IDs; nothing changes if one of the IDs is not of a dead letter."""
    with connection.transaction():
        found = {each for (each,) in connection.execute(CHANGES[action], {"all": not ids, "ids": ids})}
        if unknown := [str(each) for each in ids if each not in found]:
            raise UserError(f"No dead letter has the ID {', '.join(unknown)}. To list them: nox -s jobs")
    print(f"{count(len(found), 'job')} {DONE[action]}.")
