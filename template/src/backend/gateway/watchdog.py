"""Watchdogs of forwarded requests: cancel one on a client disconnect or a timeout."""

import asyncio
from time import monotonic
from typing import Literal

from starlette.types import Receive

# Most requests finish before the first check, so that watching costs them almost nothing.
CHECK_SECONDS = 0.1

Peer = Literal["client", "service"]


class Watchdogs:
    """The watchdogs of a process; `run` checks them all, as a timer for each would cost every request."""

    def __init__(self) -> None:
        self._active: set[Watchdog] = set()

    def start(self, receive: Receive, timeout: float) -> "Watchdog":
        """Watch the current task; `timeout` is in seconds."""
        watchdog = Watchdog(self._active, receive, timeout)
        self._active.add(watchdog)
        return watchdog

    async def run(self) -> None:
        """Check the watchdogs until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            now = monotonic()
            for each in list(self._active):
                each.check(now)


class Watchdog:
    """Cancels the task that started it, and sets `disconnected` or `timed_out` to the reason."""

    def __init__(self, active: "set[Watchdog]", receive: Receive, timeout: float) -> None:
        self.disconnected = False
        self.timed_out: Peer | None = None
        self._active = active
        self._receive = receive
        self._timeout = timeout
        self._task = asyncio.current_task()
        self._request_complete = False
        self._listener: asyncio.Task[None] | None = None
        self.wait_for("service")

    def wait_for(self, peer: Peer, seconds: float | None = None) -> None:
        """Restart the timeout, or one of this duration; the peer must act before it ends."""
        self._awaited: Peer = peer
        self._deadline = monotonic() + (seconds or self._timeout)

    def request_complete(self) -> None:
        """The request has been read; the next message from the client can only be its disconnect."""
        self._request_complete = True

    def stop(self) -> None:
        """Stop watching."""
        self._active.discard(self)
        if self._listener is not None:
            self._listener.cancel()

    def uncancel(self) -> bool:
        """Whether this watchdog caused the cancellation that the task has caught; if so, undo it."""
        ours = self.disconnected or self.timed_out is not None
        if ours and self._task is not None:
            self._task.uncancel()
        return ours

    def check(self, now: float) -> None:
        """Start to listen for the client's disconnect, and cancel the task if its time is over."""
        if self._request_complete and self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        if now > self._deadline:
            self.timed_out = self._awaited
            self._cancel()

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.disconnected = True
        self._cancel()

    def _cancel(self) -> None:
        self._active.discard(self)
        if self._task is not None:
            self._task.cancel()
