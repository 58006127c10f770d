"""The record of the client: every call with its outcome, and every acknowledged write."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

NO_ANSWER = "no answer"
TOO_LATE = "too late"


@dataclass(frozen=True)
class Call:
    """A call of one kind, with monotonic times; `outcome` is the status, NO_ANSWER or TOO_LATE.

    `detail` is the reason that the response of a failed call gives.
    """

    kind: str
    started: float
    ended: float
    outcome: str
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether it had no success."""
        return not self.outcome.startswith("2")


@dataclass(frozen=True)
class Write:
    """A write, acknowledged at a time, that must be found later.

    A user (key: email), a project (its ID), a project's new name (ID, name), a session (access token), a refresh or a
    log-out (access token, refresh token), an export (the project's ID).
    """

    what: str
    key: str
    value: str
    at: float


@dataclass
class Record:
    """Calls in the order of their ends, and writes."""

    calls: list[Call] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)

    def add(self, kind: str, started: float, outcome: str, detail: str = "") -> None:
        """Record a call that has just ended."""
        self.calls.append(Call(kind, started, time.monotonic(), outcome, detail))

    def acknowledge(self, what: str, key: str, value: str = "") -> None:
        """Record a write that was just acknowledged."""
        self.writes.append(Write(what, key, value, time.monotonic()))


def failures(calls: Iterable[Call]) -> dict[str, Counter[str]]:
    """The number of failed calls by kind and outcome."""
    found: dict[str, Counter[str]] = {}
    for call in calls:
        if call.failed:
            found.setdefault(call.kind, Counter())[call.outcome] += 1
    return found
