"""Saves the database in a file, and puts it back; neither is ever left half done."""

import secrets
from contextlib import suppress
from pathlib import Path

import psycopg

from tasks.core.errors import UserError
from tasks.database.administration import beside, empty, exchange, execute, maintenance, parts_of
from tasks.database.client import call

# How pg_dump's own format begins.
ARCHIVE = b"PGDMP"
# The table in which the migrations note how far they are.
VERSION_TABLE = "alembic_version"


def dump(url: str, file: Path) -> int:
    """Save the database, whole or not at all, in a file that does not exist yet."""
    _check_free(file)
    # Short, as the file's own name may be as long as names can be.
    draft = file.with_name(f"{secrets.token_hex(8)}.part")
    try:
        call("pg_dump", parts_of(url), "--format=custom", f"--file={draft}")
        draft.replace(file)
    except OSError as error:
        raise _not_written(file, error) from None
    finally:
        with suppress(OSError):
            draft.unlink()
    print(f"The database is in {file}; put it back with: nox -s db -- restore {file}")
    return 0


def _check_free(file: Path) -> None:
    """Raise a UserError for a name that something has already, or that nothing can have."""
    try:
        file.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _not_written(file, error) from None
    raise UserError(f"{file} exists already; remove it, or choose another name.")


def _not_written(file: Path, error: OSError) -> UserError:
    return UserError(f"Cannot write {file}: {error.strerror}; choose another name.")


def check_readable(file: Path) -> None:
    """Raise a UserError for a file that cannot be restored from."""
    try:
        file.open("rb").close()
    except OSError as error:
        raise UserError(f"Cannot read {file}: {error.strerror}.") from None


def restore(url: str, file: Path) -> int:
    """Put what the file holds, pg_dump's format or SQL, in the place of the database, once all of it is there."""
    with file.open("rb") as start:
        is_archive = start.read(len(ARCHIVE)) == ARCHIVE
    parts = parts_of(url)
    name = parts["dbname"]
    draft = beside(name, "restored")
    with maintenance(url) as connection:
        try:
            empty(connection, draft)
            _load({**parts, "dbname": draft}, file, is_archive=is_archive)
            if not _is_ours(url, draft):
                raise UserError(f"{file} holds no database of this application; the database is as it was.")
            exchange(connection, name, draft)
        finally:
            execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", draft)
    print(f"The database is what {file} holds. If that is older than the code: nox -s migrate")
    return 0


def _load(parts: dict[str, str], file: Path, *, is_archive: bool) -> None:
    if is_archive:
        call("pg_restore", parts, "--exit-on-error", "--no-owner", "--single-transaction", str(file))
    else:
        call("psql", parts, "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", f"--file={file}")


def _is_ours(url: str, name: str) -> bool:
    """Whether migrations made this database, in whatever schema."""
    with psycopg.connect(url, dbname=name) as connection:
        return bool(connection.execute("SELECT FROM pg_tables WHERE tablename = %s", [VERSION_TABLE]).rowcount)
