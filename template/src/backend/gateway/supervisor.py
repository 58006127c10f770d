"""Ends the forwarding of a request when the client goes away, or when it or the service takes too long."""

import asyncio
from typing import Literal

from starlette.types import Receive

# Most exchanges are over before: until then one timer is all that supervision costs.
BEGIN_AFTER_SECONDS = 0.05

Party = Literal["client", "service"]


class Supervisor:
    """Cancels the task that made it; then `gone` says that the client went away, or `late` who took too long."""

    def __init__(self, receive: Receive, timeout: float) -> None:
        self.gone = False
        self.late: Party | None = None
        self._receive = receive
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)
        self._awaited: Party = "service"
        self._due = self._loop.time() + timeout
        self._client_has_sent_all = False
        self._listener: asyncio.Task[None] | None = None
        self._begun = False
        self._timer = self._loop.call_later(BEGIN_AFTER_SECONDS, self._look)

    def expect(self, party: Party) -> None:
        """From now on it is this one's turn, for `timeout` seconds."""
        self._awaited = party
        self._due = self._loop.time() + self._timeout

    def listen(self) -> None:
        """The client has sent all, so that the next thing to hear of it is that it goes away."""
        self._client_has_sent_all = True
        if self._begun:
            self._start_listener()

    def stop(self) -> None:
        """Nothing is to be cancelled any more."""
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()

    def forgive(self) -> bool:
        """Whether the cancellation that the task has just caught came from here; if so, it is undone."""
        ours = self.gone or self.late is not None
        if ours and self._task is not None:
            self._task.uncancel()
        return ours

    def _look(self) -> None:
        if not self._begun:
            self._begun = True
            if self._client_has_sent_all:
                self._start_listener()
        left = self._due - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self.late = self._awaited
            self._cancel()

    def _start_listener(self) -> None:
        self._listener = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
