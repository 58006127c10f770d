"""Unwinds a command on each signal that asks it to end, so that what it has begun is undone or stopped."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType
from typing import NoReturn

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The process number of the session that started this one: nox passes no signals on, and its end must be ours.
SESSION = "SLIPWAY_SESSION"
LOOK_SECONDS = 0.1


def listen() -> None:
    """Raise KeyboardInterrupt on the first such signal, or when nox ends; `nohup` keeps SIGHUP ignored."""
    for ending in ENDINGS:
        if ending != signal.SIGHUP or signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, unwind)
    if SESSION in os.environ:
        threading.Thread(target=follow, args=[int(os.environ[SESSION])], daemon=True).start()


def follow(session: int) -> None:
    """End this process with its session."""
    while os.getppid() == session:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def unwind(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End like Ctrl-C; a second signal does not disturb the clearing up."""
    deafen()
    raise KeyboardInterrupt


def deafen() -> None:
    """Ignore these signals until the process has ended."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
