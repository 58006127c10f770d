"""Alembic on a given database, with errors that name the migration."""

import io
import os
import re
import secrets
import traceback
import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import RevisionStep
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, event, text
from sqlalchemy.exc import DBAPIError

from tasks.core.errors import UserError
from tasks.database.operations import CREATE, DROP, administer, changed_url, connect, execute, url_parts

AMBIGUOUS = "The current migration joins branches: name the revision to go down to"
TIMEOUTS = ("lock_timeout", "statement_timeout")


def configuration(url: str | None = None) -> Config:
    """Alembic's configuration for the database at `url`."""
    config = Config(toml_file="pyproject.toml", stdout=io.StringIO(), cmd_opts=Namespace(quiet=True))
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


def history(config: Config) -> list[Script]:
    """The migrations, each after those that it follows."""
    return list(scripts(config).walk_revisions())[::-1]


def run_step(config: Config, script: Script, *, is_upgrade: bool = True) -> list[str]:
    """Apply or undo only this migration, even one that joins branches; returns the lines of the executed SQL."""
    directory = ScriptDirectory.from_config(config)
    sql: list[str] = []

    def step(_heads: object, context: Any) -> list[RevisionStep]:
        setting = text("SELECT current_setting(:name)")
        limits = {name: context.connection.scalar(setting, {"name": name}) for name in TIMEOUTS}
        sql.extend([*(f"SET {name} = '{value}';" for name, value in limits.items() if value != "0"), "BEGIN;"])
        event.listen(context.connection, "before_cursor_execute", partial(_record, sql))
        return [RevisionStep(directory.revision_map, script, is_upgrade)]

    with EnvironmentContext(config, directory, fn=step):
        directory.run_env()
    return [*sql, "COMMIT;"]


def _record(sql: list[str], connection: Connection, _cursor: object, statement: str, *_: object) -> None:
    """Listener of SQLAlchemy: collect a statement, with NULL for its parameters; without savepoints, as of grants."""
    if "SAVEPOINT" in statement.partition(" sa_savepoint")[0]:
        return
    sql_text = re.sub(r"%(%|s|\(.+?\)s)", lambda found: "%" if found[1] == "%" else "NULL", statement)
    lines = sql_text.strip().splitlines()
    # A comment alone is for the next statement.
    if not all(line.lstrip().startswith("--") for line in lines):
        lines.append(";")
    is_autocommit = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    sql += ["COMMIT;", *lines, "BEGIN;"] if is_autocommit else lines


def check_heads(config: Config) -> None:
    """UserError if there are several newest migrations, as after a merge of branches."""
    newest_first = history(config)[::-1]
    heads = [script for script in newest_first if script.is_head]
    if len(heads) > 1:
        names = "".join(f"  {title(script)}  {os.path.relpath(script.path)}\n" for script in heads)
        fork = next((script.revision for script in newest_first if script.is_branch_point), "base")
        raise UserError(
            f"{len(heads)} heads instead of one. Join them: nox -s migration -- --merge\n{names}"
            f"Or undo yours (nox -s migrate -- downgrade {fork}), and only then set its down_revision to the other."
        )


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
            yield changed_url(server_url, dbname=name)
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
        reason = str(error).rstrip(".").replace("Ambiguous walk", AMBIGUOUS)
        raise UserError(f"{reason}; see: nox -s migrate -- history") from None
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
        place = [" ".join((error.statement or "").split()[:3]), *re.findall(r"\nLINE .+", str(error.orig))]
        return f"Database error: {reason} in {''.join(place)}"
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
