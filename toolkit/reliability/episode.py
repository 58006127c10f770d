"""One fault with the time before and after it, and its failures."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tasks.core.errors import UserError
from toolkit.reliability.client import KINDS, READINESS, Client, Kind
from toolkit.reliability.faults import Fault, T
from toolkit.reliability.probe import first_successes
from toolkit.reliability.record import NO_ANSWER, Call, Record, Write, failures

# The time with calls and without a fault, before and after it.
QUIET_SECONDS = 2.0
# The limit of the recovery.
BOUND_SECONDS = 60.0
EXCUSED = frozenset({"502", "503", "504"})


@dataclass(frozen=True)
class Episode:
    """A fault, and the times at which it began and ended and everything answered and was healthy again."""

    fault: Fault[Any]
    started: float
    begun: float
    ended: float
    answering: float
    healthy: float
    stopped: float
    problems: tuple[str, ...]

    @property
    def recovered(self) -> float:
        """The time after which nothing may fail."""
        return max(self.answering, self.healthy)

    def writes(self, record: Record) -> tuple[list[Write], list[Write], list[Write]]:
        """The writes acknowledged before the fault, during it and the recovery, and afterwards."""
        edges = (self.started, self.begun, self.recovered, self.stopped)
        before, during, after = (
            [write for write in record.writes if start <= write.at < end] for start, end in itertools.pairwise(edges)
        )
        return before, during, after

    def calls(self, record: Record) -> list[Call]:
        """The calls that started during the episode."""
        return [call for call in record.calls if self.started <= call.started < self.stopped]

    def failed(self, record: Record) -> dict[str, Counter[str]]:
        """The number of failed calls by kind and outcome."""
        return failures(self.calls(record))

    def erring(self, record: Record) -> float:
        """The seconds from the start of the first failed call to the end of the last one."""
        found = [call for call in self.calls(record) if call.failed]
        return max(call.ended for call in found) - min(call.started for call in found) if found else 0.0

    def slowest(self, record: Record) -> float:
        """The seconds of the slowest call."""
        return max((call.ended - call.started for call in self.calls(record)), default=0.0)

    def failures(self, record: Record) -> list[str]:
        """The failed checks."""
        found = list(self.problems)
        calls = [call for call in self.calls(record) if call.failed]
        for kind in KINDS:
            mine = [call for call in calls if call.kind == kind.name]
            wrong = [call for call in mine if call.outcome not in self.excused(kind)]
            late = [call for call in mine if call not in wrong and call.started > self.recovered]
            found += [f"{kind.name}: {text} × {number}" for text, number in counted(wrong)]
            found += [f"{kind.name}: {text} × {number} after the recovery" for text, number in counted(late)]
        return found

    def excused(self, kind: Kind) -> frozenset[str]:
        """The outcomes that the fault may cause: none, unless the call needs a faulty container."""
        if not kind.needs & self.fault.affects:
            return frozenset()
        return EXCUSED | ({NO_ANSWER} if "gateway" in self.fault.affects else frozenset())


def counted(calls: list[Call]) -> list[tuple[str, int]]:
    """The number of calls by outcome and its reason."""
    return sorted(Counter(f"{call.outcome} {call.detail}".strip() for call in calls).items())


async def observe(target: T, client: Client, fault: Fault[T]) -> Episode:
    """Inject the fault and observe the recovery, up to its limit."""
    started = time.monotonic()
    await asyncio.sleep(QUIET_SECONDS)
    begun = time.monotonic()
    await asyncio.to_thread(fault.inject, target)
    ended = time.monotonic()
    probing = asyncio.create_task(first_successes(client, target.urls, BOUND_SECONDS))
    if fault.recover is not None:
        await asyncio.to_thread(fault.recover, target)
    problems = []
    try:
        await asyncio.to_thread(target.await_healthy, BOUND_SECONDS)
    except UserError as error:
        problems.append(str(error))
    healthy = time.monotonic()
    moments = await probing
    if missing := sorted({READINESS, *(kind.name for kind in KINDS)} - set(moments)):
        problems.append(f"no success within {BOUND_SECONDS:.0f} s: {', '.join(missing)}")
    answering = time.monotonic() if missing else max(moments.values())
    await asyncio.sleep(QUIET_SECONDS)
    problems += await asyncio.to_thread(target.errors)
    return Episode(fault, started, begun, ended, answering, healthy, time.monotonic(), tuple(problems))
