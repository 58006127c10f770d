"""The project's `.data` folder: one owner at a time, and a record of what the owner runs."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from tasks.core import atomic_file
from tasks.core.errors import UserError

FOLDER = ".data"
# The start time of a process is exact to about a second, since the clock may have been set.
SAME_START_SECONDS = 2.0
TIMEOUT_SECONDS = 15.0


class InUseError(Exception):
    """Another process owns the folder."""

    def __init__(self, session: str, pid: int) -> None:
        super().__init__(f"`nox -s {session}` (PID {pid})")
        self.session = session
        self.pid = pid


@dataclass(frozen=True)
class DataFolder:
    """The folder at `path`."""

    path: Path

    @contextmanager
    def owned(self, session: str) -> Iterator[None]:
        """Own the folder for this block, after ending what a killed owner left running; or InUseError.

        The kernel drops the lock with the process, so that it is never stale.
        """
        with self._open_lock() as lock:
            self._acquire(lock)
            try:
                self._end_leftovers()
                self.write("owner", {"session": session, "pid": os.getpid()})
                yield
            finally:
                for name in ("dev", "servers", "owner"):
                    (self.path / f"{name}.json").unlink(missing_ok=True)

    def is_owned(self) -> bool:
        """Whether a living process owns the folder."""
        try:
            with (self.path / "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return isinstance(error, BlockingIOError)
        return False

    def read(self, name: str) -> Any:
        """The value that the owner wrote under this name, else None."""
        try:
            return json.loads((self.path / f"{name}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def write(self, name: str, value: object) -> None:
        """Atomically write an owner-only value, which may contain passwords, for other processes."""
        atomic_file.write(self.path / f"{name}.json", json.dumps(value, indent=2) + "\n")

    def remember(self, pid: int) -> None:
        """Record a process of the owner, so that the next owner can end it."""
        with suppress(psutil.NoSuchProcess):
            self.write("processes", [*(self.read("processes") or []), identity(pid)])

    def _open_lock(self) -> IO[bytes]:
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
            return (self.path / "lock").open("ab")
        except OSError as error:
            raise UserError(
                f"Cannot write to {self.path.absolute()}: {error.strerror}.\n"
                "It holds development data. Make the folder writable, or work in a copy of the project."
            ) from None

    def _acquire(self, lock: IO[bytes]) -> None:
        """Take the lock; InUseError names the owner, which it records right after it has the lock."""
        for _ in range(100):
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if found := self.read("owner"):
                    raise InUseError(**found) from None
            time.sleep(0.02)
        raise UserError(f"Another process holds {self.path / 'lock'}. Wait until it ends.")

    def _end_leftovers(self) -> None:
        """End what a killed owner left running. Its watchdog, if alive, does the same, and ends last."""
        left = [process for entry in self.read("processes") or [] if (process := find(entry))]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs(left, TIMEOUT_SECONDS)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.write("processes", [])


def identity(pid: int) -> tuple[int, float]:
    """The PID and start time of a process, which tell it from a later one with the same PID."""
    return pid, psutil.Process(pid).create_time()


def find(identified: tuple[int, float]) -> psutil.Process | None:
    """The process with this PID and start time, if it is alive."""
    pid, started = identified
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - started) < SAME_START_SECONDS
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
