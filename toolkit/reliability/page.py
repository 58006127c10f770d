"""Puts what was seen into tables: one for the terminal, one for docs/reliability.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

from toolkit.reliability.client import AT_ONCE, KINDS
from toolkit.reliability.episode import BOUND_SECONDS, Episode
from toolkit.reliability.faults import ENGINE
from toolkit.reliability.probe import EVERY_SECONDS, TIMEOUT_SECONDS
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
TEXT = """All this while a client uses the application through the gateway, each call on a new connection, with at most
{rate:.0f} calls a second of seven kinds: the gateway's health, auth's public keys, who am I, register, log in,
sessions, which are opened, refreshed and every other one ended, and projects, which are created and renamed. A kind
starts its calls at fixed times, whether or not those before have been answered, until {at_once} of them wait; then it
starts none before one has ended. So the rate can drop while answers fail to come.

It writes down every registration, project, name, log in, refresh and log-out whose acknowledgement it has received. At
the end, after all faults, it asks the API for all of them. Lost is a user who cannot log in, a project that is not
there or has another name, a session whose access token is refused, which is what Redis knows, a refresh token that
does not work, and a log-out whose access or refresh token is not refused with 401. Access tokens are given a lifetime
that is longer than the run.

- *kill -9* ends a container's first process from outside, as the kernel does when memory runs out. (`docker kill` is an
  order to stay down, which Docker obeys: after it, `nox -s stack -- up` is needed.)
- *freeze* pauses a container (`docker pause`): its connections stay open and say nothing.
- *all answer again* is when the gateway has said that all services and their stores are ready and a call of every kind
  has succeeded, each within {timeout:.0f} s. Until then each is tried again and again, every {every:.1f} s or when the
  last try has ended. The line of *nothing* shows how long the calls themselves take.
- *all healthy* is when the engine says so of every container. It asks each every ten seconds, so that a container that
  was frozen is called unhealthy for longer than it is.
- Both times are counted from the end of the fault: from the death, the thaw, the engine's first answer, or the end of
  `down`. *during* is from the fault to the later one. Nobody helps, but for `up` after `down`.
- Only calls that need what is faulty may fail, and only with 502, 503 or 504, or without an answer where the gateway
  itself is gone. After the recovery none may. Anything else fails the run, and so does a recovery that takes longer
  than {bound:.0f} s. The tries that measure the recovery are not among the calls that are counted.

Measured on {machine}, Docker Engine {engine}.
"""
# Where the run was not given the command that restarts the engine.
LEFT_OUT = "The engine was not restarted in this run: that needs `--restart-engine CMD`.\n"


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


def page(rows: list[Row], engine: str) -> str:
    """The page for docs/."""
    table = HEAD.format(
        columns=" | ".join(COLUMNS),
        rule=" | ".join("---" for _ in COLUMNS),
        rows="\n".join(f"| {' | '.join(each.cells)} |" for each in rows),
    )
    text = TEXT.format(
        rate=sum(kind.calls / kind.every for kind in KINDS),
        at_once=AT_ONCE,
        every=EVERY_SECONDS,
        timeout=TIMEOUT_SECONDS,
        bound=BOUND_SECONDS,
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        engine=engine,
    )
    return table + text + ("" if any(each.cells[0] == ENGINE for each in rows) else LEFT_OUT)
