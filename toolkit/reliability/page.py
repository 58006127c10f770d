"""Formats the results as a table for the terminal and for docs/reliability.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

from toolkit.reliability.client import AT_ONCE, KINDS, TIMEOUT_SECONDS
from toolkit.reliability.embedded import DISK_MEGABYTES, DRAIN_SECONDS
from toolkit.reliability.episode import BOUND_SECONDS, Episode
from toolkit.reliability.probe import EVERY_SECONDS, TIMEOUT_SECONDS as PROBE_SECONDS
from toolkit.reliability.record import Record, Write

COLUMNS = (
    "fault",
    "errors lasted",
    "what callers saw (of all calls)",
    "slowest call",
    "all answer again after",
    "all ready after",
    "writes acknowledged before / during / after",
    "lost",
)
HEAD = """# Reliability

Written by `nox -s reliability`: the effects of faults on the application of a fresh project.

| {columns} |
| {rule} |
{rows}

"""
TEXT = """The application runs on the embedded servers, without Docker: one PostgreSQL, one Valkey, and two instances
of auth, projects, the worker and the gateway. A process that exits is started again at once, as Compose and
Kubernetes do. The services are called by a name with the addresses of both instances. Nobody intervenes.

During the run, a client calls the application through both gateways in turns, with a new connection for each call and
at most {rate:.0f} calls a second of eight kinds: the gateway's health, auth's public keys, who am I,
register, log in, sessions, which are opened, refreshed and every second one ended, projects, which are
created and renamed, and exports of audit events, which are jobs of the worker. A gateway that refuses the
connection is passed over, as load balancers do. Calls of a kind start at fixed intervals, whether or not earlier
ones have ended, with at most {at_once} at once. So the rate can drop while responses are missing.

The client records every registration, project, name, log in, refresh, log-out and export that is acknowledged.
After all faults, it reads all of them through the API. Lost is a user who cannot log in, a project that is missing or
has another name, a session whose access token is refused (Redis has the sessions), a refresh token that does not work,
a log-out whose access or refresh token is not refused with 401, and an export that the worker has not written. The
lifetime of access tokens is longer than the run.

- *kill -9* kills a process, of PostgreSQL the first one. *freeze* suspends it with its children: their connections
  stay open without any traffic.
- *has all connections*: another client opens connections and ends those of others until it has all of them.
- *is locked*: a transaction holds an exclusive lock. Statements wait, with all connections of their pools.
- *is full*: a file takes the rest of a disk of {disk} MB. *cannot write its log*: PostgreSQL also needs a new
  file of its write-ahead log, and stops without it. It starts again when there is room.
- *is read-only*: transactions are so by default, and all connections are ended, as after a failover to a standby.
- *out of memory*, *a replica*, *lacks replicas*: Redis refuses writes with OOM, READONLY or NOREPLICAS.
- *a migration* is applied while the services have the old code. The rolling restart after it brings the new code.
- *rolling restart* stops each process of auth, projects, the worker and the gateway with SIGTERM, one at a time, and
  waits until its successor is ready. The client uses no gateway from {drain:.0f} s before its SIGTERM until then, as a
  load balancer does that takes it out of service first, or Kubernetes with a `preStop` pause.
- *errors lasted* is from the start of the first call that failed to the end of the last one.
- *all answer again* is when a call of every kind has succeeded through each gateway, and each has reported that
  all services and their stores are ready, all within {probe:.0f} s. Until then each is retried, every {every:.1f} s
  or when the last try has ended. The row of *nothing* shows the duration of the calls themselves.
- *all ready* is when every process of a service reports that it and its stores are ready.
- Both times start at the end of the fault. *during* is from its start to the later of both times.
- Only calls that need a faulty part may fail, and only with 502, 503 or 504, or without an answer if a gateway is
  the faulty part. After the recovery none may fail. Anything else fails the run, and so does a call without an
  answer in {timeout:.0f} s, an exception in the log of a service, and a recovery that takes longer than
  {bound:.0f} s. The calls that measure the recovery are not counted.

`nox -s reliability -- --stack` does the same with the Compose stack, for what only containers have: `down, then up`,
and with `--restart-engine CMD` a restart of the Docker Engine.

Measured on {machine}.
"""


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
        f"{episode.erring(record):.1f} s" if failed else "none",
        f"{'; '.join(failed) or 'only successes'} ({len(episode.calls(record))})",
        f"{episode.slowest(record):.1f} s",
        f"{max(0.0, episode.answering - episode.ended):.1f} s",
        f"{episode.healthy - episode.ended:.1f} s",
        " / ".join(str(len(phase)) for phase in phases),
        str(len(mine)),
    )
    losses = [f"lost: {write.what} {write.key} {write.value}" for write in mine]
    return Row(cells, tuple(episode.failures(record) + losses))


def page(rows: list[Row]) -> str:
    """The page for docs/."""
    table = HEAD.format(
        columns=" | ".join(COLUMNS),
        rule=" | ".join("---" for _ in COLUMNS),
        rows="\n".join(f"| {' | '.join(each.cells)} |" for each in rows),
    )
    return table + TEXT.format(
        rate=sum(kind.calls / kind.every for kind in KINDS),
        at_once=AT_ONCE,
        disk=DISK_MEGABYTES,
        drain=DRAIN_SECONDS,
        every=EVERY_SECONDS,
        probe=PROBE_SECONDS,
        timeout=TIMEOUT_SECONDS,
        bound=BOUND_SECONDS,
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
    )
