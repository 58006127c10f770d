"""What the embedded servers have in common: a folder, a log, a start, and a user other than root."""

import functools
import os
import pwd
import subprocess
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tasks.core import processes
from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.servers.group import Group

START_SECONDS = 120.0
NOBODY = 65534
# Keeps only the right to pass through folders that are closed to others, such as /root.
SETPRIV = [
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--securebits=+no_setuid_fixup"),
    *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--bounding-set=-all,+dac_override"),
]
# A user namespace, which may be allowed where the capabilities for setpriv are not.
UNSHARE = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]


@dataclass(frozen=True)
class Server(ABC):
    """An embedded server with its files in `folder`; one that is not `durable` is faster and may lose data.

    SIGINT stops it gracefully, without waiting for its clients.
    """

    folder: Path
    durable: bool = True

    title: ClassVar[str]
    usual_port: ClassVar[int]
    # A phrase in log lines that are not worth reading.
    ignored_lines: ClassVar[str | None] = None

    @abstractmethod
    def prepare(self, group: Group) -> None:
        """Create the folder, or check an existing one; UserError if it cannot be used."""

    @abstractmethod
    def command(self, port: int) -> list[str]:
        """The command line of a server on this port of the loopback address only."""

    @abstractmethod
    def url(self, port: int) -> str:
        """The URL for clients, with the password."""

    @abstractmethod
    def answers(self, port: int) -> bool:
        """Whether it accepts clients now; UserError if it never will."""

    @property
    def log(self) -> Path:
        """The output since the last start."""
        return self.folder / "log"

    def start(self, group: Group, ports: Ports, *, on_usual: bool) -> str:
        """Run it until the group ends, on its usual port if that is wanted and free; returns its URL."""
        self.prepare(group)
        port = ports.take(self.usual_port if on_usual else None)
        self.await_answer(self.launch(group, port), port)
        return self.url(port)

    def launch(self, group: Group, port: int) -> subprocess.Popen[bytes]:
        """Start it; it accepts clients a little later."""
        return group.start([*unprivileged(), *self.command(port)], self.log, dict(os.environ))

    def await_answer(self, process: subprocess.Popen[bytes], port: int) -> None:
        """Return when it accepts clients; UserError with lines of its log if it exits, or takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while not self.answers(port):
            if process.poll() is not None:
                output = self.log.read_text(encoding="utf-8", errors="replace")
                raise UserError(f"{self.failure('stopped', output)}\nIts log: {self.log}")
            if time.monotonic() > deadline:
                raise UserError(f"{self.title} did not answer within {START_SECONDS:.0f} seconds. Its log: {self.log}")
            time.sleep(0.01)

    def failure(self, what: str, output: str) -> UserError:
        """An error with the first line of the output that reports one, and the line after it, such as a hint."""
        lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no output"]
        errors = [number for number, line in enumerate(lines) if "FATAL" in line or "error" in line.lower()]
        start = errors[0] if errors else max(0, len(lines) - 2)
        return UserError(f"{self.title} {what}: " + "\n".join(lines[start : start + 2]))


def ignore_variables() -> None:
    """Remove the variables of PostgreSQL's clients and programs from this process, for it and those that it starts.

    They are for another server: with PGHOSTADDR or PGSSLMODE, no client would reach an embedded one.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


@functools.cache
def unprivileged() -> list[str]:
    """The start of a command line for a user whom PostgreSQL accepts; empty if the current user is one."""
    is_root = os.geteuid() == 0
    if not is_root and _has_name():
        return []
    for candidate in (SETPRIV, UNSHARE) if is_root else (UNSHARE,):
        if processes.output(*candidate, "true") is not None:
            return candidate
    user = "root" if is_root else f"user ID {os.geteuid()}, which has no name on this machine"
    raise UserError(
        f"PostgreSQL refuses to run as {user}, and neither setpriv nor unshare can change the user here.\n"
        "Run the command as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def check_owner(folder: Path) -> None:
    """UserError if the current user may neither use the folder nor change its owner."""
    user = os.geteuid()
    if user not in (0, folder.stat().st_uid):
        raise UserError(f"{folder} belongs to another user. Change its owner: sudo chown -R {user} {folder}")


def change_owner(folder: Path) -> None:
    """Change the owner of the folder and its contents to the user that `unprivileged` changes to."""
    check_owner(folder)
    owner = NOBODY if unprivileged() is SETPRIV else os.geteuid()
    if folder.stat().st_uid == owner:
        return
    for path in [*folder.rglob("*"), folder]:
        os.chown(path, owner, owner, follow_symlinks=False)


def _has_name() -> bool:
    """Whether the current user is in the list of users, as initdb requires; in containers it often is not."""
    try:
        return bool(pwd.getpwuid(os.geteuid()))
    except KeyError:
        return False
