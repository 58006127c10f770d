"""One fault, from the quiet before it to the quiet after it, and what is to be said of it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass

from toolkit.reliability.client import KINDS, READINESS, Client, Kind
from toolkit.reliability.faults import Fault
from toolkit.reliability.probe import answers
from toolkit.reliability.record import NO_ANSWER, Call, Record, Write, failures
from toolkit.stack import Stack, StackFailedError

# Calls without a fault, before and after it: what is well then, the fault has not spoiled.
QUIET_SECONDS = 4.0
# So long may everything take to be healthy and to answer again by itself.
BOUND_SECONDS = 60.0
EXCUSED = frozenset({"502", "503", "504"})


@dataclass(frozen=True)
class Episode:
    """The moments of a fault: it begins and ends, everything answers, everything is healthy."""

    fault: Fault
    started: float
    begun: float
    ended: float
    answering: float
    healthy: float
    stopped: float
    trouble: tuple[str, ...]

    @property
    def recovered(self) -> float:
        """From when on nothing may fail."""
        return max(self.answering, self.healthy)

    def writes(self, record: Record) -> tuple[list[Write], list[Write], list[Write]]:
        """The writes acknowledged before the fault, until the recovery, and after it."""
        edges = (self.started, self.begun, self.recovered, self.stopped)
        before, during, after = (
            [write for write in record.writes if start <= write.at < end] for start, end in itertools.pairwise(edges)
        )
        return before, during, after

    def calls(self, record: Record) -> list[Call]:
        """The calls that were started in its time."""
        return [call for call in record.calls if self.started <= call.started < self.stopped]

    def failed(self, record: Record) -> dict[str, Counter[str]]:
        """How often calls failed, by kind and outcome."""
        return failures(self.calls(record))

    def verdict(self, record: Record) -> list[str]:
        """Everything that should not have been."""
        found = list(self.trouble)
        calls = [call for call in self.calls(record) if call.failed]
        for kind in KINDS:
            mine = [call for call in calls if call.kind == kind.name]
            wrong = [call for call in mine if call.outcome not in self.excused(kind)]
            late = [call for call in mine if call not in wrong and call.started > self.recovered]
            found += [f"{kind.name}: {text} × {number}" for text, number in told(wrong)]
            found += [f"{kind.name}: {text} × {number} after the recovery" for text, number in told(late)]
        return found

    def excused(self, kind: Kind) -> frozenset[str]:
        """The outcomes that the fault explains: none, unless the call needs what was faulty."""
        if not kind.needs & self.fault.affects:
            return frozenset()
        return EXCUSED | ({NO_ANSWER} if "gateway" in self.fault.affects else frozenset())


def told(calls: list[Call]) -> list[tuple[str, int]]:
    """How often each outcome came."""
    return sorted(Counter(call.outcome for call in calls).items())


async def endure(stack: Stack, client: Client, fault: Fault) -> Episode:
    """Wait, inflict the fault, and watch until everything is well again or has had its time."""
    started = time.monotonic()
    await asyncio.sleep(QUIET_SECONDS)
    begun = time.monotonic()
    await asyncio.to_thread(fault.inflict, stack)
    ended = time.monotonic()
    probing = asyncio.create_task(answers(client, stack.url, BOUND_SECONDS))
    if fault.recover is not None:
        await asyncio.to_thread(fault.recover, stack)
    trouble = []
    try:
        await asyncio.to_thread(stack.await_healthy, BOUND_SECONDS)
    except StackFailedError as error:
        trouble.append(str(error))
    healthy = time.monotonic()
    moments = await probing
    if missing := sorted({READINESS, *(kind.name for kind in KINDS)} - set(moments)):
        trouble.append(f"no answer again in {BOUND_SECONDS:.0f} s: {', '.join(missing)}")
    answering = time.monotonic() if missing else max(moments.values())
    await asyncio.sleep(QUIET_SECONDS)
    return Episode(fault, started, begun, ended, answering, healthy, time.monotonic(), tuple(trouble))
