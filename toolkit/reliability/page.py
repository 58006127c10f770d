"""Puts what was seen into tables: one for the terminal, one for docs/reliability.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

from toolkit.reliability.episode import Episode
from toolkit.reliability.record import Record, Write

COLUMNS = (
    "fault",
    "writes acknowledged before / during / after",
    "lost",
    "calls that failed, of all",
    "all answer again after",
    "all healthy after",
)
HEAD = """# Reliability

Written by `nox -s reliability`: what faults do to the Compose stack of a fresh project.

| {columns} |
| {rule} |
{rows}

"""
TEXT = """All this while a client uses the application through the gateway, on new connections, with up to {rate:.0f}
calls a second of six kinds, and does not slow down when answers fail to come: the gateway's health, auth's public keys,
who am I, register, log in, and projects, which are created and renamed. It writes down every registration, project and
name whose acknowledgement it has received. At the end it reads all of them back through the API; lost is what is not
there or has another name.

- *kill -9* ends a container's first process from outside, as the kernel does when memory runs out. (`docker kill` is an
  order to stay down, which Docker obeys: after it, `nox -s stack -- up` is needed.)
- *freeze* pauses a container (`docker pause`): its connections stay open and say nothing.
- *during* is from the fault to the recovery, when every kind of call has succeeded again and the engine has every
  container healthy. Both times are counted from the end of the fault: from the death, the thaw, the engine's first
  answer, or the end of `down`. Nobody helps, but for `up` after `down`.
- Only calls that need what is faulty may fail, and only with 502, 503 or 504, or without an answer where the gateway
  itself is gone. After the recovery none may. Anything else fails the run, and so does a recovery that takes longer
  than {bound:.0f} s.

Measured on {machine}, Docker Engine {engine}.
"""


@dataclass(frozen=True)
class Row:
    """A fault and what came of it, in words."""

    cells: tuple[str, ...]
    verdict: tuple[str, ...]


def row(episode: Episode, record: Record, lost: list[Write]) -> Row:
    """The fault's line."""
    phases = episode.writes(record)
    mine = [write for phase in phases for write in phase if write in lost]
    failed = [
        f"{kind}: " + ", ".join(f"{number} × {outcome}" for outcome, number in sorted(counted.items()))
        for kind, counted in sorted(episode.failed(record).items())
    ]
    cells = (
        episode.fault.name,
        " / ".join(str(len(phase)) for phase in phases),
        str(len(mine)),
        f"{'; '.join(failed) or 'none'} (of {len(episode.calls(record))})",
        f"{max(0.0, episode.answering - episode.ended):.1f} s",
        f"{episode.healthy - episode.ended:.1f} s",
    )
    losses = [f"lost: {write.what} {write.key} {write.value}" for write in mine]
    return Row(cells, tuple(episode.verdict(record) + losses))


def page(rows: list[Row], engine: str, rate: float, bound: float) -> str:
    """The page for docs/."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    table = HEAD.format(
        columns=" | ".join(COLUMNS),
        rule=" | ".join("---" for _ in COLUMNS),
        rows="\n".join(f"| {' | '.join(each.cells)} |" for each in rows),
    )
    return table + TEXT.format(rate=rate, bound=bound, machine=machine, engine=engine)
