"""The project's `.data` folder: one owner at a time, and a record of what the owner runs."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from tasks.core import atomic_file
from tasks.core.errors import UserError

FOLDER = ".data"
# The time of a process's start is known to a second or so, as the clock may have been set since.
SAME_START_SECONDS = 2.0
TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True)
class Owner:
    """The session and process that use the folder."""

    session: str
    pid: int


class InUseError(Exception):
    """Another process owns the folder."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(f"`nox -s {owner.session}` (process {owner.pid})")
        self.owner = owner


@dataclass(frozen=True)
class DataFolder:
    """The folder at `path`."""

    path: Path

    @contextmanager
    def owned(self, session: str) -> Iterator[None]:
        """Own the folder, with whatever a killed owner left running ended first; InUseError if another process owns it.

        The kernel drops the lock with the process, so none is ever left behind.
        """
        with self._open_lock() as lock:
            self._acquire(lock)
            try:
                self._end_leftovers()
                self.write("owner", asdict(Owner(session, os.getpid())))
                yield
            finally:
                for name in ("dev", "servers", "processes", "owner"):
                    (self.path / f"{name}.json").unlink(missing_ok=True)

    def is_owned(self) -> bool:
        """Whether a living process owns the folder."""
        try:
            with (self.path / "lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def read(self, name: str) -> Any:
        """What the owner wrote under this name, else None."""
        try:
            return json.loads((self.path / f"{name}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def write(self, name: str, value: object) -> None:
        """Put the value where others read it, whole, and closed to other users as it may hold passwords."""
        atomic_file.write(self.path / f"{name}.json", json.dumps(value, indent=2) + "\n")

    def remember(self, pid: int) -> None:
        """Note a process of the owner, so that the next one can end it if all else failed."""
        known = self.read("processes") or []
        try:
            self.write("processes", [*known, [pid, psutil.Process(pid).create_time()]])
        except psutil.NoSuchProcess:
            return

    def _open_lock(self) -> IO[bytes]:
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
            return (self.path / "lock").open("ab")
        except OSError as error:
            raise UserError(
                f"Cannot write to {self.path.absolute()}: {error.strerror}.\n"
                "Development data is kept there; make the folder writable, or work in a copy of the project."
            ) from None

    def _acquire(self, lock: IO[bytes]) -> None:
        """Take the lock; on failure say who has it, which they write down right after they got it."""
        for _ in range(100):
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if found := self.read("owner"):
                    raise InUseError(Owner(**found)) from None
            time.sleep(0.02)
        raise UserError(f"Another process holds {self.path / 'lock'}; wait for its end.")

    def _end_leftovers(self) -> None:
        """End what a killed owner left running; its guardian is at the same thing if that lives, and ends last."""
        left = [process for pid, started in self.read("processes") or [] if (process := _alive(pid, started))]
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT)
        _, stubborn = psutil.wait_procs(left, TIMEOUT_SECONDS)
        for process in stubborn:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _alive(pid: int, started: float) -> psutil.Process | None:
    """The process if it is still the one that was noted, not another that has been given its number."""
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - started) < SAME_START_SECONDS
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
