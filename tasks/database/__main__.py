"""The command behind `nox -s db`."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tasks.core import cli
from tasks.core.console import confirm
from tasks.database import copies
from tasks.database.connection import CREATE, DROP, administer, execute, url_parts
from tasks.project import env_file
from tasks.project.data_folder import FOLDER, DataFolder, InUseError
from tasks.servers import persistent
from tasks.servers.postgres import DATABASE


def main() -> int | None:
    """Work with the development database."""
    parser = argparse.ArgumentParser(prog="nox -s db --", description=main.__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="shell|dump|restore|reset")
    actions.add_parser("shell", help="run psql")
    actions.add_parser("dump", help="save it to a new file").add_argument("file", type=Path)
    restoring = actions.add_parser("restore", help="replace it with the contents of a file")
    restoring.add_argument("file", type=Path)
    resetting = actions.add_parser("reset", help="empty it and apply the migrations")
    for action in (restoring, resetting):
        action.add_argument("--yes", action="store_true", help="skip the confirmation")
    arguments = vars(parser.parse_args())
    return ACTIONS[arguments.pop("action")](**arguments)


def shell() -> int:
    """Run psql on the terminal, or on what is piped in; Ctrl-C is for psql."""
    with persistent("db") as servers:
        signal.signal(signal.SIGINT, lambda *_: None)
        command, env = copies.client("psql", url_parts(servers.database_url))
        return subprocess.run(command, env=env, check=False).returncode


def dump(file: Path) -> None:
    """Save the database to a new file."""
    with persistent("db") as servers:
        copies.dump(servers.database_url, file)
    print(f"Saved the database to {file}. To restore it: nox -s db -- restore {file}")


def restore(file: Path, *, yes: bool) -> None:
    """Replace the database with the contents of a file, after a confirmation."""
    copies.is_archive(file)
    if not yes:
        confirm(f"replace the database {_place()}", f"nox -s db -- restore {file} --yes")
    with persistent("db") as servers:
        copies.restore(servers.database_url, file)
    print(f"Restored the database from {file}. To apply newer migrations: nox -s migrate")


def reset(*, yes: bool) -> int:
    """Replace the database with an empty one and apply the migrations, after a confirmation."""
    if not yes:
        confirm(f"empty the database {_place()}", "nox -s db -- reset --yes")
    if not _given_url():
        _remove_data()
    with persistent("db") as servers:
        name = url_parts(servers.database_url)["dbname"]
        with administer(servers.database_url) as server:
            execute(server, DROP, name)
            execute(server, CREATE, name)
        urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        command = [sys.executable, "-m", "tasks.database.migrations.apply"]
        return subprocess.run(command, env={**os.environ, **urls}, check=False).returncode


ACTIONS: dict[str, Callable[..., int | None]] = {"shell": shell, "dump": dump, "restore": restore, "reset": reset}


def _given_url() -> str | None:
    return env_file.settings(Path.cwd()).get("DATABASE_URL")


def _place() -> str:
    """The database's name and server."""
    given = _given_url()
    if not given:
        return f"{DATABASE} in {Path.cwd() / FOLDER}"
    parts = url_parts(given)
    return f"{parts['dbname']} on {parts.get('host') or parts.get('hostaddr') or 'this machine'} (DATABASE_URL)"


def _remove_data() -> None:
    """Remove the files of the embedded PostgreSQL unless it runs, as another version cannot read them."""
    data = DataFolder(Path.cwd() / FOLDER)
    try:
        with data.owned("db"):
            shutil.rmtree(data.path / "postgres", ignore_errors=True)
    except InUseError:
        return


if __name__ == "__main__":
    cli.run(main)
