"""Brings the database to the newest migration, where there are no sessions: `python -m shared.database.migrate`."""

import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationInfo
from alembic.script import Script
from alembic.util import CommandError
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from shared.database.engine import DatabaseSettings, driver_url
from shared.settings import load

MIGRATIONS = Path(__file__).with_name("migrations")
TERMINATED = 128 + signal.SIGTERM


def main() -> None:
    """Apply what the database lacks; a migration that fails is undone, and one line says why."""
    # Where it is the first process of a container, without an init, it would not heed SIGTERM otherwise.
    signal.signal(signal.SIGTERM, stop)
    settings = load(DatabaseSettings)
    try:
        upgrade(driver_url(settings))
    except (CommandError, SQLAlchemyError, ValueError) as error:
        sys.exit(explained(error))
    say("The database is up to date.")


def upgrade(url: URL) -> None:
    """Run the migrations that this database lacks, and print each."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes.update(url=url, on_version_apply=tell)
    command.upgrade(config, "head")


def tell(*, step: MigrationInfo, **_about: Any) -> None:
    """Print the migration that has just been applied."""
    script = step.up_revision
    words = f" ({script.doc})" if isinstance(script, Script) else ""
    say(f"Applied {step.up_revision_id}{words}.")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def explained(error: Exception) -> str:
    """What went wrong, on one line and without the password."""
    words = str(error.orig if isinstance(error, DBAPIError) else error).strip() or type(error).__name__
    reason = words.splitlines()[0]
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if "down_revision" in frame.f_globals]
    if frames:
        return f"Migration {frames[-1].f_globals['revision']} failed: {reason}"
    if isinstance(error, OperationalError):
        return f"The database cannot be used: {reason}"
    return f"The migrations cannot be run: {reason}"


def stop(_signal: int, _frame: object) -> NoReturn:
    """End; the database undoes what was under way."""
    raise SystemExit(TERMINATED)


if __name__ == "__main__":
    main()
