"""Reads what is left of a request's body when the answer does not need it."""

import asyncio
from contextlib import suppress

from starlette.types import Message, Receive, Scope

DRAINED_BYTES = 16 * 1024 * 1024
DRAINING_SECONDS = 2.0


class RequestBody:
    """Passes a body on and knows whether all of it has been read."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._unread = True
        # A client library that was reading may not have stopped yet when the rest is drained.
        self._lock = asyncio.Lock()

    async def receive(self) -> Message:
        """The next part, as ASGI has it."""
        async with self._lock:
            message = await self._receive()
        self._unread = self._unread and bool(message.get("more_body", False))
        return message

    async def drain(self) -> None:
        """Read the rest, up to a limit.

        The server closes a connection with a body that was not read, and a client that is still sending then sees a
        lost connection instead of the answer.
        """
        left = DRAINED_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAINING_SECONDS):
                while self._unread and left > 0:
                    left -= len((await self.receive()).get("body", b""))


def announced_length(scope: Scope) -> int | None:
    """The length of the body that a request announces; 0 for none, None if it will only show at its end."""
    length = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    return length


def announces_body(scope: Scope) -> bool:
    """Whether the request's headers say that a body follows."""
    return any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
