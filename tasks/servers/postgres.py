"""An embedded PostgreSQL."""

import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from tasks.core import atomic_file
from tasks.core.errors import UserError
from tasks.servers import privileges
from tasks.servers.group import Group
from tasks.servers.postgres_programs import major_version, program
from tasks.servers.server import environment, explained, no_room

USER = "app"
DATABASE = "app"
# A new data folder, its first write-ahead log and some rows.
ROOM_BYTES = 200 * 1024 * 1024
# The wheel's PostgreSQL has Unicode rules of its own since this version; older ones take the system's.
BUILTIN_LOCALE_SINCE = 17
# Of postmaster.pid, counted from 0; it comes last.
STATUS_LINE = 7


@dataclass(frozen=True)
class Postgres:
    """PostgreSQL with its data in `folder`; one that is not `durable` may lose it, and is faster."""

    folder: Path
    durable: bool = True
    title = "PostgreSQL"
    usual_port = 5432
    stop_signal = signal.SIGINT
    ignored_lines = None

    def prepare(self, group: Group) -> None:
        """Create the data folder whole or not at all; refuse one that another version made, or that is damaged."""
        if self.folder.exists():
            privileges.check(self.folder)
            self._check_version()
            self._password()
            self._drop_stale_pid_file()
        else:
            self._create(group)
        privileges.give(self.folder)

    def command(self, port: int) -> list[str]:
        """The command line that serves on this port of the loopback address only."""
        settings = {
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "log_checkpoints": "off",
        }
        if not self.durable:
            settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(program("postgres")), "-D", str(self.folder / "data"), *options]

    def url(self, port: int) -> str:
        """The superuser's URL of the application's database."""
        return f"postgresql://{USER}:{self._password()}@127.0.0.1:{port}/{DATABASE}"

    def answers(self, port: int) -> bool:
        """Whether it accepts the superuser; the first time it does, the application's database is created."""
        if not self._is_up():
            return False
        try:
            with psycopg.connect(self.url(port), dbname="postgres", connect_timeout=5, autocommit=True) as connection:
                known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount
                if not known:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.OperationalError:
            return False
        return True

    def _is_up(self) -> bool:
        """Whether it says so in its own file, as pg_ctl reads it: to connect any earlier is an error in its log."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return [line.strip() for line in lines[STATUS_LINE:]] == ["ready"]

    def _create(self, group: Group) -> None:
        if shutil.disk_usage(self.folder.parent).free < ROOM_BYTES:
            raise no_room(self)
        scratch = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        try:
            atomic_file.write(scratch / "password", secrets.token_urlsafe(24))
            privileges.give(scratch)
            self._initdb(scratch, group)
            scratch.rename(self.folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _initdb(self, folder: Path, group: Group) -> None:
        builtin = major_version() >= BUILTIN_LOCALE_SINCE
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        options = [
            *("--username", USER, "--pwfile", str(folder / "password"), "--auth=scram-sha-256", "--encoding=UTF8"),
            *(locale if builtin else ["--locale=C.UTF-8"]),
            *([] if self.durable else ["--no-sync"]),
        ]
        command = [*privileges.prefix(), str(program("initdb")), "-D", str(folder / "data"), *options]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment(), process_group=group.id
        )
        if done.returncode != 0:
            raise explained(self, "could not make its data folder", done.stderr)

    def _check_version(self) -> None:
        made_by = self._made_by()
        if made_by != major_version():
            raise UserError(
                f"{self.folder} was made by PostgreSQL {made_by}, and this is PostgreSQL {major_version()}.\n"
                f"Set POSTGRES_BIN to the programs of {made_by} and save it with `nox -s db -- dump FILE`, "
                "or start afresh with `nox -s db -- reset`."
            )

    def _made_by(self) -> int:
        path = self.folder / "data" / "PG_VERSION"
        try:
            return int(path.read_text())
        except (OSError, ValueError):
            raise self._damaged(path) from None

    def _drop_stale_pid_file(self) -> None:
        """Remove what a killed server left: PostgreSQL refuses to start if another program has that number by now."""
        path = self.folder / "data" / "postmaster.pid"
        if path.exists():
            pid = _first_number(path)
            if pid is not None and _serves(pid, self.folder / "data"):
                raise UserError(f"Another PostgreSQL (process {pid}) runs on {self.folder}; stop it: kill -INT {pid}")
            path.unlink()

    def _password(self) -> str:
        path = self.folder / "password"
        try:
            password = path.read_text()
        except (OSError, ValueError):
            raise self._damaged(path) from None
        if not password:
            raise self._damaged(path)
        return password

    def _damaged(self, path: Path) -> UserError:
        return UserError(f"{path} is gone or damaged: restore it, or start afresh with `nox -s db -- reset`.")


def _first_number(path: Path) -> int | None:
    """What the file begins with; None if that is no number, as after a power cut."""
    try:
        return int(path.read_text().split()[0])
    except (IndexError, ValueError):
        return None


def _serves(pid: int, folder: Path) -> bool:
    try:
        return str(folder) in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
