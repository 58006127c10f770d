"""PostgreSQL's own clients: psql, pg_dump, pg_restore."""

import subprocess

from psycopg.conninfo import make_conninfo

from tasks.core.errors import UserError
from tasks.database.administration import last_line
from tasks.servers.postgres import program
from tasks.servers.server import environment


def client(name: str, parts: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The command of one of PostgreSQL's clients, and its environment, which holds what other users must not see."""
    secret = {"PGPASSWORD": parts["password"]} if "password" in parts else {}
    place = make_conninfo(**{key: value for key, value in parts.items() if key != "password"})
    return [str(program(name)), f"--dbname={place}"], {**environment(), **secret}


def call(name: str, parts: dict[str, str], *options: str) -> None:
    """Run a client to its end; a UserError with its last words if it fails."""
    command, password = client(name, parts)
    done = subprocess.run(
        [*command, *options], env=password, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        raise UserError(f"{name} failed, the database is as it was: {_reason(done.stderr)}")


def _reason(text: str) -> str:
    """The line that names the error: below it, the clients show the statement and point at a place in it."""
    return next((line.strip() for line in text.splitlines() if "error:" in line.lower()), last_line(text))
