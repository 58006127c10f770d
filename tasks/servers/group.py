"""Processes that never outlive the one that started them."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tasks.core.closing import Closing

GUARDIAN = Path(__file__).with_name("guardian.py")


class Group(Closing):
    """A process group whose guardian ends it when this process is gone, SIGKILL included.

    Processes started elsewhere join it with `process_group=group.id`. `scratch` is removed together with the group;
    `note` is told the number of each process.
    """

    def __init__(self, scratch: Path | None = None, note: Callable[[int], None] | None = None) -> None:
        folders = [str(scratch)] if scratch else []
        # Without this process's output: whoever reads that to its end must not have to wait for the guardian.
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", str(GUARDIAN), *folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            process_group=0,
        )
        self.id = self._guardian.pid
        self.note = note or (lambda _pid: None)
        self.has_started = False
        self.note(self.id)

    def start(self, command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start `command` in the group; the file `log` gets all that it says, and nothing of an earlier start."""
        log.unlink(missing_ok=True)
        # Appending, so that whoever follows the file may also empty it.
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                process_group=self.id,
            )
        self.has_started = True
        self.note(process.pid)
        return process

    def close(self) -> None:
        """End whatever still runs in the group, and wait for that."""
        if self._guardian.stdin:
            self._guardian.stdin.close()
        self._guardian.wait()


def stop(process: subprocess.Popen[bytes], number: signal.Signals, timeout: float = 10.0) -> None:
    """Send the signal, wait, and kill what has not ended after `timeout` seconds."""
    process.send_signal(number)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
