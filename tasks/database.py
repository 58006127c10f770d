"""Works with the development database: a shell, a copy in a file, back from the file, an empty one."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tasks import env_file
from tasks.servers import persistent
from tasks.servers.data_folder import DataFolder, InUseError
from tasks.servers.persistent import FOLDER
from tasks.servers.postgres import program
from tasks.servers.server import environment
from tasks.trouble import Trouble

# How pg_dump's own format begins.
ARCHIVE = b"PGDMP"


def main() -> None:
    """Work with the development database."""
    parser = argparse.ArgumentParser(prog="nox -s db --", description=main.__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="shell|dump|restore|reset")
    actions.add_parser("shell", help="psql")
    actions.add_parser("dump", help="save it in a new file").add_argument("file", type=Path)
    actions.add_parser("restore", help="replace it by what a file holds").add_argument("file", type=Path)
    actions.add_parser("reset", help="empty it, and apply the migrations").add_argument("--yes", action="store_true")
    arguments = parser.parse_args()
    try:
        sys.exit(run(arguments))
    except Trouble as trouble:
        sys.exit(str(trouble))


def run(arguments: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    if arguments.action == "reset":
        return reset(certain=arguments.yes)
    with persistent("db") as servers:
        if arguments.action == "shell":
            return shell(servers.database_url)
        return {"dump": dump, "restore": restore}[arguments.action](servers.database_url, arguments.file)


def shell(url: str) -> int:
    """Run psql on the terminal, or on what comes through a pipe; Ctrl-C is psql's."""
    signal.signal(signal.SIGINT, lambda *_: None)
    command, password = client("psql", _parts(url))
    return subprocess.run(command, env=password, check=False).returncode


def dump(url: str, file: Path) -> int:
    """Save the database, whole or not at all, in a file that does not exist yet."""
    if file.exists():
        raise Trouble(f"{file} exists already; remove it, or choose another name.")
    draft = file.with_name(f"{file.name}.part")
    try:
        _call("pg_dump", _parts(url), "--format=custom", f"--file={draft}")
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    print(f"The database is in {file}; put it back with: nox -s db -- restore {file}")
    return 0


def restore(url: str, file: Path) -> int:
    """Put what the file holds, pg_dump's format or SQL, in the place of the database, once all of it is there."""
    try:
        with file.open("rb") as start:
            is_archive = start.read(len(ARCHIVE)) == ARCHIVE
    except OSError as error:
        raise Trouble(f"Cannot read {file}: {error.strerror}.") from None
    parts = _parts(url)
    name = parts["dbname"]
    draft = f"{name}_restored"
    with _maintenance(url) as connection:
        _empty(connection, draft)
        try:
            _load({**parts, "dbname": draft}, file, is_archive=is_archive)
        except Trouble:
            _execute(connection, "DROP DATABASE {} WITH (FORCE)", draft)
            raise
        _exchange(connection, name, draft)
    print(f"The database is what {file} holds. If that is older than the code: nox -s migrate")
    return 0


def reset(*, certain: bool) -> int:
    """Begin with an empty database, migrations applied; asks first."""
    if not certain:
        _ask()
    data = DataFolder(Path.cwd() / FOLDER)
    if not env_file.settings(Path.cwd()).get("DATABASE_URL"):
        _forget(data)
    with persistent("db") as servers:
        with _maintenance(servers.database_url) as connection:
            _empty(connection, _parts(servers.database_url)["dbname"])
        urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        command = [sys.executable, "-m", "tasks.migrations.apply"]
        return subprocess.run(command, env={**os.environ, **urls}, check=False).returncode


def client(name: str, parts: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The command of one of PostgreSQL's clients, and its environment, which holds what other users must not see."""
    secret = {"PGPASSWORD": parts["password"]} if "password" in parts else {}
    place = make_conninfo(**{key: value for key, value in parts.items() if key != "password"})
    return [str(program(name)), f"--dbname={place}"], {**environment(), **secret}


def _parts(url: str) -> dict[str, str]:
    """The URL's parts, among them a `dbname`."""
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:
        parts = {}
    if "dbname" not in parts or "://" not in url:
        raise Trouble("DATABASE_URL should be like postgresql://user:password@host:5432/name; correct it.")
    return parts


def _ask() -> None:
    if not sys.stdin.isatty():
        raise Trouble("This would empty the database; nobody is here to ask, so say it: nox -s db -- reset --yes")
    print("This empties the development database. Type yes to go on: ", end="", flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise Trouble("Nothing has changed.")


def _forget(data: DataFolder) -> None:
    """Remove the embedded server's files, unless it runs: data that no server reads any more is no obstacle then."""
    try:
        with data.owned("db"):
            shutil.rmtree(data.path / "postgres", ignore_errors=True)
    except InUseError:
        return


def _load(parts: dict[str, str], file: Path, *, is_archive: bool) -> None:
    if is_archive:
        _call("pg_restore", parts, "--exit-on-error", "--no-owner", "--single-transaction", str(file))
    else:
        _call("psql", parts, "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", f"--file={file}")


def _call(name: str, parts: dict[str, str], *options: str) -> None:
    command, password = client(name, parts)
    done = subprocess.run([*command, *options], env=password, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"{name} failed, the database is as it was: {_last(done.stderr)}")


def _maintenance(url: str) -> psycopg.Connection:
    """A connection to the server that leaves the application's database alone."""
    try:
        return psycopg.connect(url, dbname="postgres", autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Trouble(f"The database does not answer: {_last(str(error))}") from None


def _empty(connection: psycopg.Connection, name: str) -> None:
    """Put an empty database of this name in the place of what is there."""
    _execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    _execute(connection, "CREATE DATABASE {}", name)


def _exchange(connection: psycopg.Connection, name: str, draft: str) -> None:
    """Give `draft` the name of the other, in one transaction, and only then drop the other."""
    former = f"{name}_former"
    _execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", former)
    _execute(connection, "ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
    try:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        with connection.transaction():
            _execute(connection, "ALTER DATABASE {} RENAME TO {}", name, former)
            _execute(connection, "ALTER DATABASE {} RENAME TO {}", draft, name)
    except (Trouble, psycopg.Error):
        _execute(connection, "ALTER DATABASE {} ALLOW_CONNECTIONS true", name)
        raise
    _execute(connection, "DROP DATABASE {} WITH (FORCE)", former)


def _execute(connection: psycopg.Connection, statement: str, *names: str) -> None:
    try:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    except psycopg.Error as error:
        raise Trouble(f"The database says: {_last(str(error))}") from None


def _last(text: str) -> str:
    lines: Sequence[str] = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


if __name__ == "__main__":
    main()
