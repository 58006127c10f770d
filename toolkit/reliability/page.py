"""Formats the results as a table for the terminal and for docs/reliability.md."""

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

Written by `nox -s reliability`: the effects of faults on the Compose stack of a fresh project.

| {columns} |
| {rule} |
{rows}

"""
TEXT = """During the run, a client calls the application through the gateway, with a new connection for each call and
at most {rate:.0f} calls a second of seven kinds: the gateway's health, auth's public keys, who am I,
register, log in, sessions, which are opened, refreshed and every second one ended, and projects, which are
created and renamed. Calls of a kind start at fixed intervals, whether or not earlier ones have ended, with
at most {at_once} at once. So the rate can drop while responses are missing.

The client records every registration, project, name, log in, refresh and log-out that is acknowledged. After all
faults, it reads all of them through the API. Lost is a user who cannot log in, a project that is missing or has
another name, a session whose access token is refused (Redis has the sessions), a refresh token that does not work,
and a log-out whose access or refresh token is not refused with 401. The lifetime of access tokens is longer than
the run.

- *kill -9* kills a container's first process from outside, as the kernel does when memory runs out. (`docker kill`
  also tells Docker not to restart the container: after it, `nox -s stack -- up` is needed.)
- *freeze* pauses a container (`docker pause`): its connections stay open without any traffic.
- *all answer again* is when the gateway has reported that all services and their stores are ready and a call of
  every kind has succeeded, each within {timeout:.0f} s. Until then each is retried, every {every:.1f} s or when the
  last try has ended. The row of *nothing* shows the duration of the calls themselves.
- *all healthy* is when the engine reports every container as healthy. It checks each every ten seconds, so a
  container that was frozen is reported as unhealthy for longer than it is.
- Both times start at the end of the fault: the death, the unpausing, the engine's first answer, or the end of
  `down`. *during* is from the fault to the later of both times. Nobody intervenes, except with `up` after `down`.
- Only calls that need a faulty container may fail, and only with 502, 503 or 504, or without an answer if the
  gateway itself is down. After the recovery none may fail. Anything else fails the run, and so does a recovery that
  takes longer than {bound:.0f} s. The calls that measure the recovery are not counted.

Measured on {machine}, Docker Engine {engine}.
"""
# Added if the run had no command that restarts the engine.
LEFT_OUT = "The engine was not restarted in this run; that needs `--restart-engine CMD`.\n"


@dataclass(frozen=True)
class Row:
    """The row of a fault, and its failed checks."""

    cells: tuple[str, ...]
    failures: tuple[str, ...]


def row(episode: Episode, record: Record, lost: list[Write]) -> Row:
    """The row of a fault."""
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
    return Row(cells, tuple(episode.failures(record) + losses))


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
