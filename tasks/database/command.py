"""The command behind `nox -s db`."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tasks.core.console import confirm
from tasks.database import operations
from tasks.database.operations import CREATE, DROP, administer, execute, url_parts
from tasks.project import env_file, setup
from tasks.project.data_folder import FOLDER, DataFolder, InUseError
from tasks.project.services import BACKEND
from tasks.servers import Servers, persistent


def main() -> int | None:
    """Work with the development database."""
    parser = argparse.ArgumentParser(prog="nox -s db --", description=main.__doc__)
    subparsers = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
    for name, action in ACTIONS.items():
        subparser = subparsers.add_parser(name, help=action.__doc__)
        if action in (dump, restore):
            subparser.add_argument("file", type=Path)
        if action in (restore, reset):
            subparser.add_argument("--yes", action="store_true", help="skip the confirmation")
        if action is seed:
            subparser.add_argument("people", nargs="?", type=int, default=100, help="their number (default 100)")
            subparser.add_argument("--add", action="store_true", help="also if the database has other users")
    arguments = vars(parser.parse_args())
    return ACTIONS[arguments.pop("action")](**arguments)


def shell() -> int:
    """Run psql."""
    with persistent("db") as servers:
        # Ctrl-C is for psql, where it cancels a statement.
        signal.signal(signal.SIGINT, lambda *_: None)
        command, env = operations.client("psql", url_parts(servers.database_url))
        return subprocess.run(command, env=env, check=False).returncode


def dump(file: Path) -> None:
    """Save the database to a new file."""
    with persistent("db") as servers:
        operations.dump(servers.database_url, file)
    print(f"Saved the database to {file}. To restore it: nox -s db -- restore {file}")


def restore(file: Path, *, yes: bool) -> int:
    """Replace the database with a dump (SQL, custom, tar or directory format; also .gz), after a confirmation."""
    with tempfile.TemporaryDirectory() as folder:
        # Before the confirmation: an error if the file cannot be read.
        plain = operations.unpack(file, folder)
        if not yes:
            confirm(f"replace the database {_place()}", f"nox -s db -- restore {file} --yes")
        with persistent("db") as servers:
            operations.restore(servers.database_url, plain)
            print(f"Restored the database from {file}. To apply newer migrations: nox -s migrate", flush=True)
            return _migrate(servers, "current")


def reset(*, yes: bool) -> int:
    """Replace the database with an empty one and apply the migrations, after a confirmation."""
    if not yes:
        confirm(f"empty the database {_place()}", "nox -s db -- reset --yes")
    if not env_file.settings(Path.cwd()).get("DATABASE_URL"):
        data = DataFolder(Path.cwd() / FOLDER)
        # Unless the embedded server runs: it may be data of another version, which this one cannot read.
        with suppress(InUseError), data.owned("db"):
            shutil.rmtree(data.path / "postgres", ignore_errors=True)
    with persistent("db") as servers:
        name = url_parts(servers.database_url)["dbname"]
        with administer(servers.database_url) as server:
            execute(server, DROP, name)
            execute(server, CREATE, name)
        return _migrate(servers)


def seed(people: int, *, add: bool) -> int:
    """Add people, their projects and their history, for development; those who exist stay as they are."""
    if change := setup.complete(Path.cwd()):
        print(change, flush=True)
    with persistent("db") as servers:
        return _run(servers, "shared.database.seed", str(people), *(["--add"] if add else []))


def _migrate(servers: Servers, *arguments: str) -> int:
    """Run `migrate`; a dump has no rights, as it may be of another server."""
    return _run(servers, "tasks", "database.migrations.apply", *arguments)


def _run(servers: Servers, module: str, *arguments: str) -> int:
    """Run a module of Slipway or of the application on these servers."""
    urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    path = os.pathsep.join(filter(None, [str(BACKEND.resolve()), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env={**os.environ, **urls, "PYTHONPATH": path}, check=False).returncode


def _place() -> str:
    """The database's name and server, or else its folder."""
    url = env_file.settings(Path.cwd()).get("DATABASE_URL")
    if not url:
        return f"in {Path.cwd() / FOLDER}"
    parts = url_parts(url)
    return f"{parts['dbname']} on {parts.get('host', 'this machine')}"


ACTIONS: dict[str, Callable[..., int | None]] = {
    "shell": shell,
    "dump": dump,
    "restore": restore,
    "reset": reset,
    "seed": seed,
}
