"""What the embedded servers have in common: a folder, a log, and a start that ends when they accept clients."""

import os
import subprocess
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.servers import privileges
from tasks.servers.group import Group

START_SECONDS = 120.0


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
        """Whether it accepts clients now."""

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
        return group.start([*privileges.prefix(), *self.command(port)], self.log, environment())

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


def environment() -> dict[str, str]:
    """This process's environment without the variables that change how PostgreSQL's programs behave."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
