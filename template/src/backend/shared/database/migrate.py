"""Runs the database migrations, for example in a container: `python -m shared.database.migrate`.

With `--retire`, it disables the login roles of services that their current passwords are not of, to end a rotation.
"""

import signal
import sys
import traceback
from asyncio import CancelledError
from collections.abc import Mapping
from typing import Any, NoReturn

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationInfo
from alembic.script import Script
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from pydantic import SecretStr
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from shared.database.engine import MigrationSettings, owner_url
from shared.database.pending import MIGRATIONS
from shared.database.roles import retire
from shared.settings import load

TERMINATED = 128 + signal.SIGTERM
RETIRE = "--retire"


def main() -> None:
    """Run the pending migrations; a failed one is rolled back, and the error is one line."""
    # PID 1 of a container ignores SIGTERM unless it has a handler. The run replaces this one, because an exception
    # raised in a handler can be lost, for example in a finalizer.
    signal.signal(signal.SIGTERM, stop)
    migrate(load(MigrationSettings))
    print_line("The database is up to date.")


def migrate(settings: MigrationSettings) -> None:
    """Run the pending migrations; exit with one line after an error."""
    try:
        if RETIRE in sys.argv[1:]:
            end_rotation(owner_url(settings), settings.by_service)
            return
        upgrade(owner_url(settings), settings.by_service)
    except (CommandError, SQLAlchemyError, ValueError) as error:
        sys.exit(describe(error))
    except CancelledError:
        sys.exit(TERMINATED)


def upgrade(url: URL, passwords: Mapping[str, SecretStr]) -> None:
    """Run the pending migrations, print each, and set the passwords of these services."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes.update(url=url, passwords=passwords, on_version_apply=print_migration, cancel_on=signal.SIGTERM)
    command.upgrade(config, "head")


def end_rotation(url: URL, passwords: Mapping[str, SecretStr]) -> None:
    """Disable the login roles that these passwords are not of."""
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        retire(connection, passwords)
    print_line("Only the current passwords are valid.")


def print_migration(*, step: MigrationInfo, **_context: Any) -> None:
    """Print a migration that was just applied."""
    script = step.up_revision
    message = f" ({script.doc})" if isinstance(script, Script) else ""
    print_line(f"Applied {step.up_revision_id}{message}.")


def print_line(line: str) -> None:
    """Print a line and flush it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def describe(error: Exception) -> str:
    """The error message, without the password."""
    text = str(error.orig if isinstance(error, DBAPIError) else error).strip() or type(error).__name__
    reason = text.splitlines()[0]
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if "down_revision" in frame.f_globals]
    if frames:
        return f"Migration {frames[-1].f_globals['revision']} failed: {reason}"
    if isinstance(error.__cause__, ResolutionError):
        return (
            f"The database is at {error.__cause__.argument}, a migration that this code does not have.\n"
            "Deploy code that has it; or undo it with such code: nox -s migrate -- downgrade -1"
        )
    if isinstance(error, OperationalError):
        return f"The database is unavailable: {reason}"
    return f"The migrations cannot run: {reason}"


def stop(_signal: int, _frame: object) -> NoReturn:
    """Signal handler: exit; the database rolls back the current migration."""
    raise SystemExit(TERMINATED)


if __name__ == "__main__":
    main()
