"""Processes that never outlive the process that started them."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

GUARDIAN = Path(__file__).with_name("guardian.py")


class Group(ExitStack):
    """A process group that its guardian stops with the `with` block, or when this process is gone, SIGKILL included.

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
        self._processes: list[subprocess.Popen[bytes]] = []
        self.callback(self._stop, guardian)
        self.id = guardian.pid
        self.on_start = on_start
        on_start(self.id)

    def start(self, command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a process in the group, with a new file `log` for its output."""
        log.unlink(missing_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                process_group=self.id,
            )
        self._processes.append(process)
        self.on_start(process.pid)
        return process

    def _stop(self, guardian: subprocess.Popen[bytes]) -> None:
        """Close the guardian's input, and wait for the exit of all."""
        guardian.communicate()
        for process in self._processes:
            process.wait()
