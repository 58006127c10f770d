"""Timings of commands, and rows of the table."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit.application import environment


@dataclass(frozen=True)
class Row:
    """One measured budget; `met` is None where the figure has no budget or could not be measured."""

    what: str
    ours: str
    against: str
    result: str
    budget: str
    met: bool | None


class CommandFailedError(Exception):
    """A measured command failed, so that its figure has no meaning."""


def seconds(command: Sequence[str | Path], cwd: Path) -> float:
    """Wall-clock seconds of one run. Raises CommandFailedError with what the command printed."""
    started = time.monotonic()
    arguments = [str(word) for word in command]
    done = subprocess.run(
        arguments, cwd=cwd, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    taken = time.monotonic() - started
    if done.returncode != 0:
        raise CommandFailedError(f"{' '.join(arguments)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return taken


def medians(rounds: int, *trials: Callable[[], float]) -> list[float]:
    """The median of each trial; they take turns, so that a slow moment of the machine affects all."""
    for trial in trials:
        trial()
    results = [[trial() for trial in trials] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*results, strict=True)]
