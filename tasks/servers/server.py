"""What the embedded servers have in common: a process group, a folder, a log, and a start that awaits an answer."""

import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.servers import privileges

GUARDIAN = Path(__file__).with_name("guardian.py")
START_SECONDS = 120.0
STOP_SECONDS = 10.0


class Group(ExitStack):
    """A process group whose guardian ends it with the `with` block, or when this process is gone, SIGKILL included.

    Other processes join it with `process_group=group.id`. `scratch` is removed in the end; `on_start` gets each PID.
    """

    def __init__(self, scratch: Path | None = None, on_start: Callable[[int], None] = lambda _pid: None) -> None:
        super().__init__()
        # Without this process's output: whatever reads that to its end would wait for the guardian.
        guardian = subprocess.Popen(
            [sys.executable, "-I", str(GUARDIAN), *([str(scratch)] if scratch else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            process_group=0,
        )
        # Closes the guardian's input, and waits for its exit.
        self.callback(guardian.communicate)
        self.id = guardian.pid
        self.on_start = on_start
        on_start(self.id)

    def start(self, command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a process in the group, with a new file `log` for its output."""
        log.unlink(missing_ok=True)
        # In append mode, so that a reader may truncate the file.
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                process_group=self.id,
            )
        self.on_start(process.pid)
        return process


@dataclass(frozen=True)
class Server(ABC):
    """An embedded server with its files in `folder`; one that is not `durable` is faster and may lose data."""

    folder: Path
    durable: bool = True

    title: ClassVar[str]
    usual_port: ClassVar[int]
    # Stops it gracefully, without waiting for its clients.
    stop_signal: ClassVar[signal.Signals]
    # A phrase in log lines that are not worth reading.
    ignored_lines: ClassVar[str | None] = None

    @abstractmethod
    def prepare(self, group: Group) -> None:
        """Create the folder, or check an existing one; UserError if it cannot be used."""

    @abstractmethod
    def _command(self, port: int) -> list[str]:
        """The command line of a server on this port of the loopback address only."""

    @abstractmethod
    def url(self, port: int) -> str:
        """The URL for clients, with the password."""

    @abstractmethod
    def _answers(self, port: int) -> bool:
        """Whether it accepts clients now."""

    @property
    def log(self) -> Path:
        """The output since the last start."""
        return self.folder / "log"

    def launch(self, group: Group, port: int) -> subprocess.Popen[bytes]:
        """Start it; it accepts clients a little later."""
        return group.start([*privileges.prefix(), *self._command(port)], self.log, environment())

    def await_answer(self, process: subprocess.Popen[bytes], port: int) -> None:
        """Return when it accepts clients; UserError with the end of its log if it exits, or takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while not self._answers(port):
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

    @contextmanager
    def running(self, group: Group, ports: Ports, *, on_usual: bool) -> Iterator[str]:
        """Run it for this block and return its URL; on its usual port if that is wanted and free."""
        self.prepare(group)
        port = ports.take(self.usual_port if on_usual else None)
        process = self.launch(group, port)
        try:
            self.await_answer(process, port)
            yield self.url(port)
        finally:
            process.send_signal(self.stop_signal)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def environment() -> dict[str, str]:
    """This process's environment without the variables that change how PostgreSQL's programs behave."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
