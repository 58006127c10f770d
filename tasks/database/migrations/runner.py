"""Alembic on a given database, with errors that name the migration."""

import io
import os
import secrets
import traceback
import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from tasks.core.console import count
from tasks.core.errors import UserError
from tasks.database.operations import CREATE, DROP, administer, connect, execute, url_parts, with_database


def configuration(url: str | None = None, sql_to: TextIO | None = None) -> Config:
    """Alembic's configuration for the database at `url`; offline SQL is written to `sql_to`."""
    quiet = Namespace(quiet=True)
    config = Config(toml_file="pyproject.toml", stdout=io.StringIO(), output_buffer=sql_to, cmd_opts=quiet)
    if url is not None:
        config.attributes["url"] = URL.create("postgresql+psycopg", query=url_parts(url))
    return config


def scripts(config: Config) -> ScriptDirectory:
    """The migrations on disk; UserError if one cannot be imported or does not fit the others."""
    directory = ScriptDirectory.from_config(config)
    try:
        # Alembic only warns about a revision that is missing or exists twice.
        with report_errors(), warnings.catch_warnings(action="error", category=UserWarning):
            directory.get_heads()
    except UserWarning as error:
        raise UserError(f"{error}. Correct it in {os.path.relpath(directory.versions)}") from None
    return directory


def check_heads(directory: ScriptDirectory) -> None:
    """UserError if there are several newest migrations, as after a merge of branches."""
    newest = [script for script in directory.walk_revisions() if script.is_head]
    if len(newest) > 1:
        names = "".join(f"\n  {title(script)}  {os.path.relpath(script.path)}" for script in newest)
        raise UserError(f"{count(len(newest), 'head')} instead of one. Set the down_revision of one to another.{names}")


def applied(url: str) -> tuple[str, ...]:
    """The revisions of the database: one, or none before the first migration."""
    with connect(url) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return ()
        return tuple(revision for (revision,) in connection.execute("SELECT version_num FROM alembic_version"))


def title(script: Script) -> str:
    """The revision and message of a migration."""
    return f"{script.revision} ({script.doc.rstrip('.')})"


@contextmanager
def scratch_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database on the server of `server_url`, dropped afterwards."""
    name = f"scratch_{secrets.token_hex(8)}"
    with administer(server_url) as server:
        execute(server, f"{CREATE} TEMPLATE template0", name)
        try:
            yield with_database(server_url, name)
        finally:
            execute(server, DROP, name)


@contextmanager
def report_errors() -> Iterator[None]:
    """Raise errors of Alembic, the database and migrations as UserError."""
    try:
        yield
    except (UserError, UserWarning):
        raise
    except CommandError as error:
        raise UserError(f"{str(error).rstrip('.')}; see: nox -s migrate -- history") from None
    except Exception as error:
        raise UserError(_explain(error)) from error


def _explain(error: Exception) -> str:
    """The reason, and the migration or the line of the application's code that raised the error."""
    # The message of a SyntaxError without its place, which is added below.
    reason = f"{type(error).__name__}: {getattr(error, 'msg', error)}"
    if isinstance(error, DBAPIError):
        reason = str(error.orig).strip().splitlines()[0]
    steps = list(traceback.walk_tb(error.__traceback__))
    for frame, _ in reversed(steps):
        if "down_revision" in frame.f_globals and frame.f_code.co_name != "<module>":
            return _explain_migration(frame, reason)
    if isinstance(error, DBAPIError):
        return f"Database error: {reason}"
    places = [(frame.f_code.co_filename, line) for frame, line in steps]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno or 1))
    own = [place for place in places if Path(place[0]).is_relative_to(Path.cwd() / "src")]
    return f"{reason} ({os.path.relpath(own[-1][0])}:{own[-1][1]})" if own else reason


def _explain_migration(frame: FrameType, reason: str) -> str:
    path = Path(os.path.relpath(frame.f_code.co_filename))
    # Statements outside of the migration's transaction are not rolled back.
    is_transaction = "autocommit_block" not in path.read_text(encoding="utf-8")
    state = "Its changes were rolled back." if is_transaction else "It uses autocommit_block: check what was applied."
    return f"Migration {frame.f_globals['revision']} failed in {frame.f_code.co_name}(): {reason}\n{state} File: {path}"
