"""The faults: what each does to the stack, and the containers whose calls may fail."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from toolkit.stack import POLL_SECONDS, Stack, StackFailedError, call

SERVICES = ("postgres", "redis", "auth", "projects", "gateway")
ALL = frozenset(SERVICES)
# Longer than the services' timeouts for Redis and the database.
PAUSE_SECONDS = 15.0
ENGINE_SECONDS = 120.0
ENGINE = "restart the engine"


@dataclass(frozen=True)
class Fault:
    """A fault: `inject` returns when it is over; `recover` is what an operator does then, if anything."""

    name: str
    affects: frozenset[str]
    inject: Callable[[Stack], None]
    recover: Callable[[Stack], None] | None = None


def faults(restart_engine: str) -> list[Fault]:
    """All faults, after a run without one as a control; that of the engine only with the command that restarts it."""
    found = [Fault("nothing", frozenset(), lambda _stack: time.sleep(PAUSE_SECONDS))]
    found += [Fault(f"kill -9 {name}", frozenset({name}), partial(Stack.kill, service=name)) for name in SERVICES]
    found += [
        Fault(
            f"freeze {name} for {PAUSE_SECONDS:.0f} s",
            frozenset({name}),
            partial(Stack.pause, service=name, seconds=PAUSE_SECONDS),
        )
        for name in SERVICES
    ]
    if restart_engine:
        found.append(Fault(ENGINE, ALL, lambda _stack: restart(restart_engine)))
    return [*found, Fault("down, then up", ALL, Stack.down, Stack.up)]


def restart(command: str) -> None:
    """Restart the engine and wait until it answers. Raises StackFailedError."""
    call("sh", "-c", command)
    deadline = time.monotonic() + ENGINE_SECONDS
    while subprocess.run(["docker", "version"], capture_output=True, check=False).returncode != 0:
        if time.monotonic() > deadline:
            raise StackFailedError(f"the engine does not answer after: {shlex.quote(command)}")
        time.sleep(POLL_SECONDS)
