"""Runs Alembic on a database of the caller's choice, and says in plain lines what a migration stumbled over."""

import io
import os
import traceback
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from tasks.core.console import count
from tasks.core.errors import UserError
from tasks.database.migrations.readable import check_files
from tasks.database.unreachable import why


def configuration(url: str | None = None, sql_to: TextIO | None = None) -> Config:
    """Alembic's configuration for the database at `url`; SQL that is only written goes to `sql_to`."""
    quiet = Namespace(quiet=True)
    config = Config(toml_file="pyproject.toml", stdout=io.StringIO(), output_buffer=sql_to, cmd_opts=quiet)
    if url is not None:
        config.attributes["url"] = driver_url(url)
    return config


def driver_url(url: str) -> URL:
    """The URL as SQLAlchemy wants it."""
    try:
        return make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise UserError(
            "DATABASE_URL is not a URL; it should be like postgresql://user:password@host:5432/name"
        ) from None


def scripts(config: Config) -> ScriptDirectory:
    """The migrations as they are on disk now; a UserError names the file that cannot be used."""
    directory = ScriptDirectory.from_config(config)
    check_files(Path(directory.versions))
    with plainly():
        # Reads them all, so that a circle is found here.
        directory.get_heads()
    return directory


def require_one_head(directory: ScriptDirectory) -> None:
    """Raise a UserError when two migrations are the newest, as after a merge of branches: they cannot both be."""
    newest = [script for script in directory.walk_revisions() if script.is_head]
    if len(newest) > 1:
        names = "".join(f"\n  {title(script)}  {os.path.relpath(script.path)}" for script in newest)
        raise UserError(
            f"{count(len(newest), 'head')} instead of one; put one behind the other by its down_revision{names}"
        )


def applied(url: str) -> tuple[str, ...]:
    """The revisions that the database is at: one, or none before the first migration."""
    with plainly(), connected(create_engine(driver_url(url), poolclass=NullPool)) as connection:
        return MigrationContext.configure(connection).get_current_heads()


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """A connection; a UserError says which server could not be reached or refuses, and never the password."""
    try:
        connection = engine.connect()
    except OperationalError as error:
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        raise UserError(why(url, error.orig or error)) from None
    with connection:
        yield connection


def title(script: Script) -> str:
    """How people know a migration: its revision and its message."""
    return f"{script.revision} ({script.doc.rstrip('.')})"


@contextmanager
def plainly() -> Iterator[None]:
    """Raise a UserError for what goes wrong on the way to a migration and in it."""
    try:
        yield
    except UserError:
        raise
    except CommandError as error:
        raise UserError(f"{str(error).rstrip('.')}; see: nox -s migrate -- history") from None
    except Exception as error:
        raise UserError(_explained(error)) from error


def _explained(error: Exception) -> str:
    reason = _reason(error)
    frame = _migration_frame(error)
    if frame is None:
        return f"The database says: {reason}" if isinstance(error, DBAPIError) else f"{reason}{_place(error)}"
    path = Path(os.path.relpath(frame.f_code.co_filename))
    # What runs outside of the migration's transaction stays when the migration fails.
    whole = "autocommit_block" not in path.read_text(encoding="utf-8")
    state = "Nothing of it was applied." if whole else "It has an autocommit_block: look at what that left behind."
    return (
        f"Migration {frame.f_globals['revision']} failed in {frame.f_code.co_name}(): {reason}\n{state} It is in {path}"
    )


def _reason(error: Exception) -> str:
    """The database's own words if it was the database."""
    if isinstance(error, DBAPIError):
        return str(error.orig).strip().splitlines()[0]
    return f"{type(error).__name__}: {error}"


def _place(error: Exception) -> str:
    """Where in the application's code it happened, if it did there."""
    code = Path.cwd() / "src"
    frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(code)]
    return f" ({os.path.relpath(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""


def _migration_frame(error: Exception) -> FrameType | None:
    """Where the migration was, which is a module with a `revision`."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return next((frame for frame in reversed(frames) if "down_revision" in frame.f_globals), None)
