"""Connections to PostgreSQL, its clients, and dump and restore of the database."""

import gzip
import os
import secrets
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tasks.core import processes
from tasks.core.errors import UserError
from tasks.core.processes import last_line
from tasks.project.services import HIGHEST_PORT
from tasks.servers.postgres import connection_failure, program

CREATE = "CREATE DATABASE {}"
DROP = "DROP DATABASE IF EXISTS {} WITH (FORCE)"
RENAME = "ALTER DATABASE {} RENAME TO {}"
# The first bytes of a file in pg_dump's custom format, and those of a tar archive after the first name.
ARCHIVE = b"PGDMP"
TAR = b"ustar"
TAR_OFFSET = 257
GZIP = b"\x1f\x8b"
# psql would load the rest of a file into the database that it connects to.
CONNECT = (b"\\c ", b"\\connect ")
ROLE_ADVICE = "Create it in `nox -s db -- shell` (CREATE ROLE), or dump with --no-owner --no-privileges."
SCHEMES = ("postgresql://", "postgres://")
MALFORMED = "should be postgresql://user[:password]@host:port/name, with %40 for @ in a password and one port per host"


def url_parts(url: str) -> dict[str, str]:
    """The parts of a database URL as libpq reads it, among them its `dbname`.

    UserError for a form that `DatabaseSettings` refuses too, with the same reason.
    """
    parts: dict[str, str] = {}
    with suppress(psycopg.ProgrammingError):
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    hosts, ports = (parts.get(name, "").split(",") for name in ("host", "port"))
    are_ports = all(not port or (port.isdecimal() and 0 < int(port) <= HIGHEST_PORT) for port in ports)
    are_hosts = "@" not in parts.get("host", "")[1:] and (ports == [""] or len(ports) == len(hosts))
    if not (url.startswith(SCHEMES) and "dbname" in parts and are_ports and are_hosts):
        raise UserError(f"DATABASE_URL: {MALFORMED}")
    return parts


def changed_url(url: str, **changes: str) -> str:
    """The URL with other parts, such as `dbname`; an empty one is left out."""
    parts = {name: text for name, text in {**url_parts(url), **changes}.items() if text}
    return f"postgresql:///?{urlencode(parts, quote_via=quote)}"


def connect(url: str, name: str | None = None) -> psycopg.Connection:
    """A connection to the database of the URL, or to another one of its server; UserError if it fails."""
    database = url_parts(url)["dbname"]
    try:
        return psycopg.connect(url, dbname=name or database, autocommit=True, connect_timeout=10)
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


def client(name: str, parts: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The command of psql, pg_dump or pg_restore, and its environment, which hides the password from other users."""
    secret = {"PGPASSWORD": parts["password"]} if "password" in parts else {}
    target = make_conninfo(**{key: value for key, value in parts.items() if key != "password"})
    return [str(_client_program(name, parts)), f"--dbname={target}"], {**os.environ, **secret}


def _client_program(name: str, parts: dict[str, str]) -> Path:
    """The program, or the one on PATH for an encrypted connection, as that of the wheel has no TLS."""
    if os.environ.get("POSTGRES_BIN") or not parts.get("sslmode", "").startswith(("require", "verify")):
        return program(name)
    if found := shutil.which(name):
        return Path(found)
    raise UserError(
        f"DATABASE_URL needs a {name} with TLS. Install it (apt install postgresql-client), or set POSTGRES_BIN."
    )


def run_client(name: str, parts: dict[str, str], *options: str) -> str:
    """Run psql, pg_dump or pg_restore and return its output; UserError with the reason if it fails."""
    command, env = client(name, parts)
    done = processes.run([*command, *options], env=env)
    if done.returncode != 0:
        # Below the line of the error, the clients show the statement and the position in it.
        errors = [line.strip() for line in done.stderr.splitlines() if "error:" in line.lower()]
        reason = (errors or [last_line(done.stderr)])[0]
        is_role = "ERROR:  role " in reason and reason.endswith("does not exist")
        failure = f"{name} failed; the database is unchanged: {reason}"
        raise UserError(f"{failure}\n{ROLE_ADVICE}" if is_role else failure)
    return done.stdout


def dump(url: str, file: Path) -> None:
    """Save the database to a new file."""
    # Short, as the file's own name may be as long as names can be.
    draft = file.parent / f"{secrets.token_hex(8)}.part"
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


def unpack(file: Path, folder: str) -> Path:
    """The file, or if it is compressed a copy of it in the folder; UserError if it cannot be loaded."""
    plain = Path(folder, file.stem)
    try:
        with suppress(IsADirectoryError), file.open("rb") as content:
            if content.read(len(GZIP)) == GZIP:
                with gzip.open(file) as packed, plain.open("wb") as copy:
                    shutil.copyfileobj(packed, copy)
                return plain
        is_archive(file)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"Cannot read {file}: {getattr(error, 'strerror', None) or error}.") from None
    return file


def is_archive(file: Path) -> bool:
    """Whether pg_restore loads the file or folder, and not psql; UserError if neither can."""
    if (file / "toc.dat").exists():
        return True
    with file.open("rb") as content:
        start = content.read(TAR_OFFSET + len(TAR))
    found = start.startswith(ARCHIVE) or start.endswith(TAR)
    if b"\0" in start and not found:
        raise UserError(f"{file} is neither SQL nor a dump of pg_dump. Decompress it, or dump the database again.")
    return found


def restore(url: str, file: Path) -> None:
    """Replace the database with the contents of a file, once they are loaded completely."""
    parts = url_parts(url)
    draft = draft_name(parts["dbname"])
    with administer(url) as server:
        execute(server, DROP, draft)
        execute(server, CREATE, draft)
        try:
            _load(url, {**parts, "dbname": draft}, file)
            swap(server, parts["dbname"], draft)
        finally:
            execute(server, DROP, draft)


def swap(server: psycopg.Connection, database: str, draft: str) -> None:
    """Give the draft the name of the database in one transaction, then drop the old database."""
    old = f"old_{draft}"
    execute(server, DROP, old)
    try:
        execute(server, "ALTER DATABASE {} ALLOW_CONNECTIONS false", database)
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s::name", [database])
        with server.transaction():
            execute(server, RENAME, database, old)
            execute(server, RENAME, draft, database)
    finally:
        # Whichever of the two has the name now.
        execute(server, "ALTER DATABASE {} ALLOW_CONNECTIONS true", database)
        execute(server, DROP, old)


def draft_name(database: str) -> str:
    """The name of the database that a restore loads: short enough for PostgreSQL, and the same each time."""
    return f"restored_{sha256(database.encode()).hexdigest()[:16]}"


def _load(url: str, parts: dict[str, str], file: Path) -> None:
    if is_archive(file):
        ignored = ("--no-owner", "--no-privileges", "--no-tablespaces")
        run_client("pg_restore", parts, "--exit-on-error", "--single-transaction", *ignored, str(file))
    else:
        with file.open("rb") as lines:
            if any(line.startswith(CONNECT) for line in lines):
                advice = "Dump a single database, without --create."
                raise UserError(f"{file} is for other databases; the database is unchanged. {advice}")
        options = ("--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--single-transaction")
        run_client("psql", parts, *options, f"--file={file}")
    # Alembic's table may be in any schema.
    with connect(url, parts["dbname"]) as loaded:
        is_ours = loaded.execute("SELECT FROM pg_tables WHERE tablename = 'alembic_version'").rowcount
    if not is_ours:
        raise UserError(f"{file} has no database of this application; the database is unchanged.")
