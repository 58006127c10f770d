"""Lets a debugger run one of `dev`'s services in its place: a lock in `.data/debugged/` says which, while it lasts."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.core.errors import UserError
from tasks.project.data_folder import DataFolder

FOLDER = "debugged"
TIMEOUT_SECONDS = 120.0
# `dev` looks at a lock for a moment only, and does so by taking it.
TRIES = 20
LOOK_SECONDS = 0.05
NOT_RUNNING = "The application does not run here; start it first: python3 noxfile.py -s dev"


@contextmanager
def taken(data: DataFolder, name: str) -> Iterator[None]:
    """Have `dev` leave the service to this process within the block; the kernel drops the lock with the process."""
    if not data.is_owned():
        raise UserError(NOT_RUNNING)
    (data.path / FOLDER).mkdir(exist_ok=True)
    with _lock(data, name).open("ab") as lock:
        _acquire(lock.fileno(), name)
        _await_end(data, name)
        yield


def is_taken(data: DataFolder, name: str) -> bool:
    """Whether a process has this service in the place of `dev`."""
    try:
        with _lock(data, name).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _lock(data: DataFolder, name: str) -> Path:
    return data.path / FOLDER / name


def _acquire(lock: int, name: str) -> None:
    for _ in range(TRIES):
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOOK_SECONDS)
    raise UserError(f"Another debugger runs {name}; end that one first.")


def _await_end(data: DataFolder, name: str) -> None:
    """Wait until `dev` has started, and has stopped this service of its own."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline and data.is_owned():
        running = data.read("dev")
        if running and running["services"][name]["pid"] is None:
            return
        time.sleep(LOOK_SECONDS)
    raise UserError(NOT_RUNNING)
