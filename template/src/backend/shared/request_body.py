"""Request bodies: limits of their size, duration and number, and draining what a response has left unread."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

# The default limit of a body, in bytes.
MAX_BODY_SIZE = 128 * 1024
# Bodies that a process receives at once, and those of them that a client address sends.
MAX_BODIES = 512
MAX_BODIES_PER_CLIENT = 128
# A body must arrive in this time, plus the time that its bytes take at the minimum rate.
MAX_BODY_SECONDS = 30.0
MIN_BYTES_PER_SECOND = 1024
MAX_DRAIN_BYTES = 16 * 1024 * 1024
MAX_DRAIN_SECONDS = 2.0


class BodyError(HTTPException):
    """The request body cannot be read; an HTTPException, so that FastAPI responds with its status."""


class BodyAdmission:
    """Limits how many bodies are received at once, so that slow ones leave room for others."""

    def __init__(self) -> None:
        self._total = 0
        self._clients: Counter[str] = Counter()

    def enter(self, client: str) -> None:
        """A body from this address begins. Raises BodyError if it is one too many."""
        if self._clients[client] >= MAX_BODIES_PER_CLIENT:
            raise BodyError(429, "You are sending too many requests at once; try again")
        if self._total >= MAX_BODIES:
            raise BodyError(503, "Too many requests are being received; try again")
        self._total += 1
        self._clients[client] += 1

    def leave(self, client: str) -> None:
        """The body has been received, or the request has ended."""
        self._total -= 1
        self._clients[client] -= 1
        if not self._clients[client]:
            del self._clients[client]


class RequestBody:
    """Wraps `receive`: limits how long the body takes, and tracks whether it has been read completely."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._unread = True
        self._deadline = asyncio.get_running_loop().time() + MAX_BODY_SECONDS
        # The HTTP client may still be reading when draining starts.
        self._lock = asyncio.Lock()

    async def receive(self) -> Message:
        """Receive the next message. Raises BodyError if the body is too slow, malformed or incomplete."""
        async with self._lock:
            if not self._unread:
                return await self._receive()
            try:
                async with asyncio.timeout_at(self._deadline):
                    message = await self._receive()
            except TimeoutError as error:
                self._unread = False
                raise BodyError(408, "The request body was not sent in time") from error
            if message["type"] == "http.disconnect":
                # Granian reports malformed chunks like a disconnect, after which nobody reads the response.
                self._unread = False
                raise BodyError(400, "The request body is malformed or incomplete")
            self._unread = message.get("more_body", False)
            self._deadline += len(message.get("body", b"")) / MIN_BYTES_PER_SECOND
        return message

    async def drain(self) -> None:
        """Read the rest of the body, up to a limit.

        The server closes a connection whose request body is unread; a client that is still sending would then get a
        connection error instead of the response.
        """
        remaining = MAX_DRAIN_BYTES
        with suppress(TimeoutError, BodyError):
            async with asyncio.timeout(MAX_DRAIN_SECONDS):
                while self._unread and remaining > 0:
                    remaining -= len((await self.receive()).get("body", b""))


def content_length(headers: Mapping[bytes, bytes]) -> int | None:
    """The length of the request body; 0 without a body, None if it is chunked."""
    return None if b"transfer-encoding" in headers else int(headers.get(b"content-length", 0))


def has_body(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the request has a body."""
    return b"content-length" in headers or b"transfer-encoding" in headers
