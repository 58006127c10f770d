"""What the client saw: every call and how it ended, every write that was acknowledged."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

NO_ANSWER = "no answer"


@dataclass(frozen=True)
class Call:
    """A request of one kind; `outcome` is the status, or that there was no answer. Times are of the monotonic clock."""

    kind: str
    started: float
    ended: float
    outcome: str

    @property
    def failed(self) -> bool:
        """Whether the client did not get what it had asked for."""
        return not self.outcome.startswith("2")


@dataclass(frozen=True)
class Write:
    """Something that was acknowledged at a time, and has to be found later.

    A user (key: email), a project (its ID), a project's new name (ID, name), a session (access token), a refresh or a
    log-out (access token, refresh token).
    """

    what: str
    key: str
    value: str
    at: float


@dataclass
class Record:
    """Everything in the order in which it ended."""

    calls: list[Call] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)

    def add(self, kind: str, started: float, outcome: str) -> None:
        """A call that has just ended."""
        self.calls.append(Call(kind, started, time.monotonic(), outcome))

    def acknowledge(self, what: str, key: str, value: str = "") -> None:
        """A write whose acknowledgement has just come."""
        self.writes.append(Write(what, key, value, time.monotonic()))


def failures(calls: Iterable[Call]) -> dict[str, Counter[str]]:
    """For each kind, how often calls ended badly, by outcome."""
    found: dict[str, Counter[str]] = {}
    for call in calls:
        if call.failed:
            found.setdefault(call.kind, Counter())[call.outcome] += 1
    return found
