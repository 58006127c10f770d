"""The entry point of every command."""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from tasks.core import cli
from tasks.core.errors import UserError
from tests.support import ROOT, run


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """The signal handlers of this process, restored in the end."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def unreadable() -> None:
    raise PermissionError(errno.EACCES, "Permission denied", "secret")


def read_only() -> None:
    raise OSError(errno.EROFS, "Read-only file system", "place")


def mistaken() -> None:
    raise UserError("wrong")


def interrupted() -> None:
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize(
    ("main", "code"),
    [
        (lambda: 3, 3),
        (mistaken, "wrong"),
        (unreadable, "Cannot access secret: Permission denied. Change its mode or owner, or remove it."),
        (read_only, "Cannot access place: Read-only file system. Change its mode or owner, or remove it."),
        (interrupted, 130),
    ],
)
def test_command_ends_with_its_result_or_a_message(main: Callable[[], int | str | None], code: int | str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(main)
    assert ended.value.code == code


@pytest.mark.parametrize("name", ["nowhere", "checks.nowhere", "nowhere.lint", "checks", "core.errors", "../nox", ""])
def test_unknown_command_is_refused_on_one_line(name: str) -> None:
    done = run(sys.executable, "-m", "tasks", *([name] if name else []), cwd=ROOT)
    assert done.returncode == 1
    assert done.stdout == f"tasks has no command {name!r}. Run a session instead; list them: nox -l\n"
