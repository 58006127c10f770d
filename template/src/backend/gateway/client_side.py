"""The client's side of a forwarded request: its body, and whether it is still there."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from starlette.types import Message, Receive

# Most exchanges are over before, and need no task that watches the client.
WATCH_AFTER_SECONDS = 0.05
SMALL_BODY = 64 * 1024


class ClientWentAwayError(Exception):
    """The client closed its connection before it had sent all."""


class ClientSide:
    """Reads what the client sends; once it has sent all, `watch` cancels the current task when the client goes away.

    `gone` says that it has gone, `late` that it took longer than `timeout` seconds for a part of its request.
    """

    def __init__(self, receive: Receive, timeout: float) -> None:
        self.gone = False
        self.late = False
        self._receive = receive
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._exchange = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([part async for part in self.stream()])

    async def stream(self) -> AsyncIterator[bytes]:
        """The body, part by part."""
        while True:
            message = await self._next()
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(self._timeout):
                message = await self._receive()
        except TimeoutError:
            self.late = True
            raise
        if message["type"] == "http.disconnect":
            self.gone = True
            raise ClientWentAwayError
        return message

    def watch(self) -> None:
        """Begin to watch whether the client goes away; what it sends has been read."""
        self._timer = self._loop.call_later(WATCH_AFTER_SECONDS, self._start)

    def stop(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()

    def _start(self) -> None:
        self._watcher = self._loop.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._exchange is not None:
            self._exchange.cancel()


def declared_length(headers: Sequence[tuple[bytes, bytes]]) -> int | None:
    """The length of the body that a request announces; 0 for none, None if it will only show at its end."""
    length = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    return length
