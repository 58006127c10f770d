"""Connections to PostgreSQL, and statements on whole databases."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tasks.core.errors import UserError
from tasks.core.processes import last_line

CREATE = "CREATE DATABASE {}"
DROP = "DROP DATABASE IF EXISTS {} WITH (FORCE)"
MALFORMED = "DATABASE_URL is not a URL of the form postgresql://user:password@host:5432/name. Correct it."


def url_parts(url: str) -> dict[str, str]:
    """The parts of a database URL, among them its `dbname`; UserError if it is malformed."""
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:
        parts = {}
    if "dbname" not in parts or "://" not in url:
        raise UserError(MALFORMED)
    return parts


def connection_failure(url: str, error: Exception) -> str:
    """Why there is no connection, and the host and port; never the password."""
    parts = conninfo_to_dict(url)
    host = parts.get("host") or parts.get("hostaddr")
    place = f"{host}:{parts.get('port') or 5432}" if host else "the local socket"
    text = str(error).strip()
    if refusals := re.findall(r"FATAL:\s+(.+)", text):
        return f"The database at {place} refuses: {refusals[-1]}"
    reasons = re.findall(r" failed: (?!.* failed: )(.+)", text)
    return f"Cannot reach the database at {place}: {reasons[-1] if reasons else last_line(text)}"


def connect(url: str, name: str | None = None) -> psycopg.Connection:
    """A connection to the database of the URL, or to another one of its server; UserError if it fails."""
    name = name or url_parts(url)["dbname"]
    try:
        return psycopg.connect(url, dbname=name, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise UserError(connection_failure(url, error)) from None


@contextmanager
def administer(url: str) -> Iterator[psycopg.Connection]:
    """A connection to the server of this URL, outside of the application's database; its errors are UserErrors."""
    with connect(url, "postgres") as server:
        try:
            yield server
        except psycopg.Error as error:
            raise UserError(f"Database error: {last_line(str(error))}") from None


def execute(server: psycopg.Connection, statement: str, *databases: str) -> None:
    """Run a statement with the names of these databases in it."""
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, databases)))
