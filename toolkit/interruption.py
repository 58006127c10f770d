"""Ends a command on SIGINT, SIGTERM and SIGHUP, and with its nox session, after it has cleaned up."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# PID of the nox session that started this process: nox forwards no signals.
SESSION = "SLIPWAY_SESSION"
POLL_SECONDS = 0.1


def handle_signals() -> None:
    """Raise KeyboardInterrupt on the first signal, or when nox exits; a SIGHUP that `nohup` ignores stays ignored."""
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)
    if SESSION in os.environ:
        threading.Thread(target=exit_with_session, args=[int(os.environ[SESSION])], daemon=True).start()


def exit_with_session(session: int) -> None:
    """Send SIGTERM to this process when its session has exited."""
    while os.getppid() == session:
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Raise KeyboardInterrupt once: further signals do not interrupt the clean-up."""
    ignore_signals()
    raise KeyboardInterrupt


def ignore_signals() -> None:
    """Ignore these signals until the process exits."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
