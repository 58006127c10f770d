"""What is done to whole databases, from beside them."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tasks.core.errors import UserError
from tasks.database.unreachable import why


def parts_of(url: str) -> dict[str, str]:
    """The URL's parts, among them a `dbname`."""
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:
        parts = {}
    if "dbname" not in parts or "://" not in url:
        raise UserError("DATABASE_URL should be like postgresql://user:password@host:5432/name; correct it.")
    return parts


def maintenance(url: str) -> psycopg.Connection:
    """A connection to the server that leaves the application's database alone."""
    try:
        return psycopg.connect(url, dbname="postgres", autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise UserError(why(url, error)) from None


def empty(connection: psycopg.Connection, name: str) -> None:
    """Put an empty database of this name in the place of what is there."""
    execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    execute(connection, "CREATE DATABASE {}", name)


def beside(name: str, role: str) -> str:
    """What a database is called that stands beside this one for a while; the same the next time.

    As PostgreSQL cuts long names, an ending could get lost, and this be the database itself.
    """
    return f"{role}_{sha256(name.encode()).hexdigest()[:16]}"


def exchange(connection: psycopg.Connection, name: str, draft: str) -> None:
    """Give `draft` the name of the other, in one transaction, and only then drop the other."""
    former = beside(name, "former")
    execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", former)
    try:
        execute(connection, "ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
        with _told():
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s::name", [name]
            )
        with connection.transaction():
            execute(connection, "ALTER DATABASE {} RENAME TO {}", name, former)
            execute(connection, "ALTER DATABASE {} RENAME TO {}", draft, name)
    finally:
        # Whichever of the two has the name by now, as Ctrl-C may come at any point.
        execute(connection, "ALTER DATABASE {} ALLOW_CONNECTIONS true", name)
        execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", former)


def execute(connection: psycopg.Connection, statement: str, *names: str) -> None:
    """Run the statement with these identifiers in it."""
    with _told():
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def last_line(text: str) -> str:
    """The line in which programs say what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


@contextmanager
def _told() -> Iterator[None]:
    """Tell what the server refuses as a UserError."""
    try:
        yield
    except psycopg.Error as error:
        raise UserError(f"The database says: {last_line(str(error))}") from None
