"""Request bodies: their length, and draining what a response has left unread."""

import asyncio
from contextlib import suppress

from starlette.types import Message, Receive, Scope

MAX_DRAIN_BYTES = 16 * 1024 * 1024
MAX_DRAIN_SECONDS = 2.0


class RequestBody:
    """Wraps `receive` and tracks whether the body has been read completely."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._unread = True
        # The HTTP client may still be reading when draining starts.
        self._lock = asyncio.Lock()

    async def receive(self) -> Message:
        """Receive the next message."""
        async with self._lock:
            message = await self._receive()
        self._unread = self._unread and bool(message.get("more_body", False))
        return message

    async def drain(self) -> None:
        """Read the rest of the body, up to a limit.

        The server closes a connection whose request body is unread; a client that is still sending would then get a
        connection error instead of the response.
        """
        remaining = MAX_DRAIN_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(MAX_DRAIN_SECONDS):
                while self._unread and remaining > 0:
                    remaining -= len((await self.receive()).get("body", b""))


def content_length(scope: Scope) -> int | None:
    """The length of the request body; 0 without a body, None if it is chunked."""
    length = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value)
    return length


def has_body(scope: Scope) -> bool:
    """Whether the request has a body."""
    return any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
