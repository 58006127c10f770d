"""Saves the database to a file and restores it from one, completely or not at all."""

import secrets
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from tasks.core import processes
from tasks.core.errors import UserError
from tasks.database.connection import CREATE, DROP, administer, connect, execute, url_parts
from tasks.servers.postgres import program
from tasks.servers.server import environment

# The first bytes of a file in pg_dump's custom format.
ARCHIVE = b"PGDMP"


def client(name: str, parts: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The command of psql, pg_dump or pg_restore, and its environment, which hides the password from other users."""
    secret = {"PGPASSWORD": parts["password"]} if "password" in parts else {}
    target = make_conninfo(**{key: value for key, value in parts.items() if key != "password"})
    return [str(program(name)), f"--dbname={target}"], {**environment(), **secret}


def run_client(name: str, parts: dict[str, str], *options: str) -> str:
    """Run psql, pg_dump or pg_restore and return its output; UserError with the reason if it fails."""
    command, env = client(name, parts)
    done = processes.run([*command, *options], env=env)
    if done.returncode != 0:
        # Below the line of the error, the clients show the statement and the position in it.
        errors = [line.strip() for line in done.stderr.splitlines() if "error:" in line.lower()]
        raise UserError(
            f"{name} failed, the database is unchanged: {(errors or [processes.last_line(done.stderr)])[0]}"
        )
    return done.stdout


def dump(url: str, file: Path) -> None:
    """Save the database to a new file."""
    # Short, as the file's own name may be as long as names can be.
    draft = file.with_name(f"{secrets.token_hex(8)}.part")
    try:
        # Fails now, not after the dump, for a name that exists or that no file can have.
        file.open("xb").close()
        file.unlink()
        run_client("pg_dump", url_parts(url), "--format=custom", f"--file={draft}")
        draft.replace(file)
    except OSError as error:
        raise UserError(f"Cannot write {file}: {error.strerror}. Choose another name.") from None
    finally:
        with suppress(OSError):
            draft.unlink()


def is_archive(file: Path) -> bool:
    """Whether the file is in pg_dump's custom format, and not SQL; UserError if it cannot be read."""
    try:
        with file.open("rb") as start:
            return start.read(len(ARCHIVE)) == ARCHIVE
    except OSError as error:
        raise UserError(f"Cannot read {file}: {error.strerror}.") from None


def restore(url: str, file: Path) -> None:
    """Replace the database with the contents of a file, once they are loaded completely."""
    parts = url_parts(url)
    draft = temporary_name(parts["dbname"], "restored")
    with administer(url) as server:
        try:
            execute(server, DROP, draft)
            execute(server, CREATE, draft)
            _load({**parts, "dbname": draft}, file)
            if not _has_migrations(url, draft):
                raise UserError(f"{file} has no database of this application, the database is unchanged.")
            _swap(server, parts["dbname"], draft)
        finally:
            execute(server, DROP, draft)


def temporary_name(database: str, role: str) -> str:
    """The name of a temporary database, the same at each call, so that a later restore removes it.

    It is no longer than PostgreSQL's limit, however long the name of the database.
    """
    return f"{role}_{sha256(database.encode()).hexdigest()[:16]}"


def _load(parts: dict[str, str], file: Path) -> None:
    if is_archive(file):
        run_client("pg_restore", parts, "--exit-on-error", "--no-owner", "--single-transaction", str(file))
    else:
        run_client("psql", parts, "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", f"--file={file}")


def _has_migrations(url: str, name: str) -> bool:
    """Whether a database has Alembic's table, in any schema."""
    with connect(url, name) as connection:
        return bool(connection.execute("SELECT FROM pg_tables WHERE tablename = 'alembic_version'").rowcount)


def _swap(server: psycopg.Connection, name: str, draft: str) -> None:
    """Rename `draft` to `name` in one transaction, then drop the former database."""
    former = temporary_name(name, "former")
    execute(server, DROP, former)
    try:
        execute(server, "ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s::name", [name])
        with server.transaction():
            execute(server, "ALTER DATABASE {} RENAME TO {}", name, former)
            execute(server, "ALTER DATABASE {} RENAME TO {}", draft, name)
    finally:
        # Whichever of the two has the name, as Ctrl-C may come at any point.
        execute(server, "ALTER DATABASE {} ALLOW_CONNECTIONS true", name)
        execute(server, DROP, former)
