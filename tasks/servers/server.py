"""What the embedded servers have in common: a folder, a log, and a start that ends when they answer."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Protocol

from tasks.core.errors import UserError
from tasks.servers import privileges
from tasks.servers.group import Group

# The second is a hint that PostgreSQL gives when only a part could be written.
FULL_DISK = ("No space left on device", "Check free disk space")
START_SECONDS = 120.0


class Server(Protocol):
    """One embedded server, its files in one folder."""

    @property
    def title(self) -> str:
        """The name that people know it by."""

    @property
    def usual_port(self) -> int:
        """Where it listens when nothing else does."""

    @property
    def folder(self) -> Path:
        """Where its data, password and log are."""

    @property
    def stop_signal(self) -> signal.Signals:
        """What makes it stop in order, without waiting for its clients."""

    @property
    def ignored_lines(self) -> str | None:
        """What stands in a line of its log that it always writes here, and that explains nothing."""

    def prepare(self, group: Group) -> None:
        """Make the folder ready, or say in a UserError why that cannot be."""

    def command(self, port: int) -> list[str]:
        """The command line that serves on this port."""

    def url(self, port: int) -> str:
        """Where clients find it, password included."""

    def answers(self, port: int) -> bool:
        """Whether it answers a client now."""


def log_of(server: Server) -> Path:
    """The file with what the server said since its last start."""
    return server.folder / "log"


def launch(server: Server, group: Group, port: int) -> subprocess.Popen[bytes]:
    """Start the server; it answers a little later."""
    return group.start([*privileges.prefix(), *server.command(port)], log_of(server), environment())


def await_answer(server: Server, process: subprocess.Popen[bytes], port: int) -> None:
    """Return as soon as the server answers; a UserError with its own last words if it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not server.answers(port):
        if process.poll() is not None:
            raise failure(server)
        if time.monotonic() > deadline:
            raise UserError(f"{server.title} did not answer within {START_SECONDS:.0f} seconds; see {log_of(server)}.")
        time.sleep(0.01)


def failure(server: Server) -> UserError:
    """Why the server has ended, from its log."""
    lines = log_of(server).read_text(encoding="utf-8", errors="replace").splitlines()
    said = "\n".join(line for line in lines if is_relevant(server, line))
    return explained(server, "stopped", f"{said}\nAll it said is in {log_of(server)}.")


def is_relevant(server: Server, line: str) -> bool:
    """Whether this line of its log may tell a reader something."""
    return server.ignored_lines is None or server.ignored_lines not in line


def explained(server: Server, what: str, said: str) -> UserError:
    """What happened to the server, with the telling line of what it said, and its last one."""
    if any(phrase in said for phrase in FULL_DISK):
        return no_room(server)
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it said nothing"]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()] or lines[:-1]
    return UserError("\n".join([f"{server.title} {what}: {' '.join(telling[-1:])}", lines[-1]]))


def no_room(server: Server) -> UserError:
    """The disk has no room for the server's data."""
    return UserError(
        f"No room for {server.title}'s data in {server.folder.parent}: the disk is full.\nMake room there."
    )


def environment() -> dict[str, str]:
    """Our own environment without what would change how PostgreSQL's programs behave."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
