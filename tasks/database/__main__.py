"""The command behind `nox -s db`."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tasks.core.errors import UserError
from tasks.database.administration import empty, maintenance, parts_of
from tasks.database.client import client
from tasks.database.copies import check_readable, dump, restore
from tasks.project import env_file
from tasks.project.data_folder import FOLDER, DataFolder, InUseError
from tasks.servers import persistent
from tasks.servers.postgres import DATABASE


def main() -> None:
    """Work with the development database."""
    parser = argparse.ArgumentParser(prog="nox -s db --", description=main.__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="shell|dump|restore|reset")
    actions.add_parser("shell", help="psql")
    actions.add_parser("dump", help="save it in a new file").add_argument("file", type=Path)
    restoring = actions.add_parser("restore", help="replace it by what a file holds")
    restoring.add_argument("file", type=Path)
    resetting = actions.add_parser("reset", help="empty it, and apply the migrations")
    for action in (restoring, resetting):
        action.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    try:
        sys.exit(run(arguments))
    except UserError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted.")


def run(arguments: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    if arguments.action == "reset":
        return reset(certain=arguments.yes)
    if arguments.action == "restore":
        return put_back(arguments.file, certain=arguments.yes)
    with persistent("db") as servers:
        if arguments.action == "shell":
            return shell(servers.database_url)
        return dump(servers.database_url, arguments.file)


def shell(url: str) -> int:
    """Run psql on the terminal, or on what comes through a pipe; Ctrl-C is psql's."""
    signal.signal(signal.SIGINT, lambda *_: None)
    command, password = client("psql", parts_of(url))
    return subprocess.run(command, env=password, check=False).returncode


def put_back(file: Path, *, certain: bool) -> int:
    """Replace the database by what the file holds; asks first."""
    check_readable(file)
    if not certain:
        given = env_file.settings(Path.cwd()).get("DATABASE_URL")
        _ask(f"replace the database {_place(given)}", f"restore {file}")
    with persistent("db") as servers:
        return restore(servers.database_url, file)


def reset(*, certain: bool) -> int:
    """Begin with an empty database, migrations applied; asks first."""
    given = env_file.settings(Path.cwd()).get("DATABASE_URL")
    if not certain:
        _ask(f"empty the database {_place(given)}", "reset")
    data = DataFolder(Path.cwd() / FOLDER)
    if not given:
        _forget(data)
    with persistent("db") as servers:
        with maintenance(servers.database_url) as connection:
            empty(connection, parts_of(servers.database_url)["dbname"])
        urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        command = [sys.executable, "-m", "tasks.database.migrations.apply"]
        return subprocess.run(command, env={**os.environ, **urls}, check=False).returncode


def _place(given: str | None) -> str:
    """Which database that is, and where."""
    if not given:
        return f"{DATABASE} on this machine, in {Path.cwd() / FOLDER}"
    parts = parts_of(given)
    return f"{parts['dbname']} on {parts.get('host') or parts.get('hostaddr') or 'this machine'}, as DATABASE_URL says"


def _ask(what: str, action: str) -> None:
    if not sys.stdin.isatty():
        raise UserError(f"This would {what}.\nNobody is here to ask, so say it: nox -s db -- {action} --yes")
    print(f"This will {what}. Type yes to go on: ", end="", flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise UserError("Nothing has changed.")


def _forget(data: DataFolder) -> None:
    """Remove the embedded server's files, unless it runs: data that no server reads any more is no obstacle then."""
    try:
        with data.owned("db"):
            shutil.rmtree(data.path / "postgres", ignore_errors=True)
    except InUseError:
        return


if __name__ == "__main__":
    main()
