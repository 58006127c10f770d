"""Watchdog of a forwarded request: cancels it on a client disconnect or a timeout."""

import asyncio
from typing import Literal

from starlette.types import Receive

# Most requests finish earlier, so that one timer is all the watchdog costs them.
START_DELAY_SECONDS = 0.05

Peer = Literal["client", "service"]


class Watchdog:
    """Cancels the task that created it, and sets `disconnected` or `timed_out` to the reason."""

    def __init__(self, receive: Receive, timeout: float) -> None:
        self.disconnected = False
        self.timed_out: Peer | None = None
        self._receive = receive
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)
        self._awaited: Peer = "service"
        self._deadline = self._loop.time() + timeout
        self._request_complete = False
        self._listener: asyncio.Task[None] | None = None
        self._started = False
        self._timer = self._loop.call_later(START_DELAY_SECONDS, self._check)

    def wait_for(self, peer: Peer, seconds: float | None = None) -> None:
        """Restart the timeout, or one of this duration; the peer must act before it ends."""
        self._awaited = peer
        self._deadline = self._loop.time() + (seconds or self._timeout)

    def request_complete(self) -> None:
        """The request has been read; the next message from the client can only be its disconnect."""
        self._request_complete = True
        if self._started:
            self._start_listener()

    def stop(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()

    def uncancel(self) -> bool:
        """Whether this watchdog caused the cancellation that the task has caught; if so, undo it."""
        ours = self.disconnected or self.timed_out is not None
        if ours and self._task is not None:
            self._task.uncancel()
        return ours

    def _check(self) -> None:
        if not self._started:
            self._started = True
            if self._request_complete:
                self._start_listener()
        remaining = self._deadline - self._loop.time()
        if remaining > 0:
            self._timer = self._loop.call_later(remaining, self._check)
        else:
            self.timed_out = self._awaited
            self._cancel()

    def _start_listener(self) -> None:
        self._listener = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.disconnected = True
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
