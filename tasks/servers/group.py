"""Processes that never outlive the process that started them."""

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

WATCHDOG = Path(__file__).with_name("watchdog.py")
NOTHING = subprocess.DEVNULL


class Group(ExitStack):
    """A process group that its watchdog stops with the `with` block, or when this process is gone, SIGKILL included.

    Other processes join it with `process_group=group.id`. `scratch` is removed in the end; `on_start` gets each PID.
    """

    def __init__(self, scratch: Path | None = None, on_start: Callable[[int], None] = lambda _pid: None) -> None:
        super().__init__()
        command, pipe = [sys.executable, "-I", str(WATCHDOG), *([str(scratch)] if scratch else [])], subprocess.PIPE
        # Without this process's output: whatever reads that to its end would wait for the watchdog.
        watchdog = subprocess.Popen(command, stdin=pipe, stdout=NOTHING, stderr=NOTHING, cwd="/", process_group=0)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.callback(self._stop, watchdog)
        self.id = watchdog.pid
        self.on_start = on_start
        on_start(self.id)

    def start(
        self, command: list[str], log: Path, environment: dict[str, str], folder: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process in the group, in this folder or another, with a new file `log` for its output."""
        log.unlink(missing_ok=True)
        # Appended to, so that a reader may empty it.
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=NOTHING,
                stdout=output,
                stderr=output,
                env=environment,
                process_group=self.id,
            )
        self._processes.append(process)
        self.on_start(process.pid)
        return process

    def _stop(self, watchdog: subprocess.Popen[bytes]) -> None:
        """Close the watchdog's input, and wait for the exit of all."""
        watchdog.communicate()
        for process in self._processes:
            # Still running only if the watchdog was killed.
            process.send_signal(signal.SIGINT)
            process.wait()
