"""A fake service that returns the request it has received, or misbehaves."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable

from starlette.types import Message, Receive, Scope, Send


class Upstream:
    """Behaves as named by the last part of the path."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()
        self.proceed = asyncio.Event()
        self.reached = asyncio.Event()
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await lifespan(receive, send)
            return
        self.requests += 1
        self.reached.set()
        name = scope["path"].rpartition("/")[2]
        behaviours: dict[str, Callable[[Scope, Receive, Send], Awaitable[None]]] = {
            "hash": self.hash,
            "events": self.events,
            "late-events": self.late_events,
            "never": self.never,
            "halfway": self.halfway,
            "stall": self.stall,
            "redirect": self.redirect,
            "headers": self.headers,
            "empty": self.empty,
            "early": self.early,
            "gzip": self.gzip,
            "latin": self.latin,
            "cached": self.cached,
        }
        await behaviours.get(name, self.echo)(scope, receive, send)

    async def echo(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Returns the request as it was received."""
        body = await read(receive)
        received = {
            "method": scope["method"],
            "path": scope["raw_path"].decode("ascii"),
            "query": scope["query_string"].decode("ascii"),
            "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
            "body": body.decode("latin-1"),
        }
        await respond(send, 200, json.dumps(received).encode())

    async def hash(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Returns the length and the hash of the body, which it reads in parts."""
        digest, length, more = hashlib.sha256(), 0, True
        while more:
            message = await receive()
            digest.update(message.get("body", b""))
            length += len(message.get("body", b""))
            more = message.get("more_body", False)
        await respond(send, 200, json.dumps({"length": length, "sha256": digest.hexdigest()}).encode())

    async def events(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """A stream of two events; the second is sent when `proceed` is set."""
        await start(send, 200, [(b"content-type", b"text/event-stream")])
        await part(send, b"data: one\n\n")
        await self.proceed.wait()
        await part(send, b"data: two\n\n")
        await part(send, b"", more=False)

    async def late_events(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """A stream whose headers are sent immediately, and whose event is sent when `proceed` is set."""
        await start(send, 200, [(b"content-type", b"text/event-stream")])
        await part(send, b"")
        await self.proceed.wait()
        await part(send, b"data: late\n\n")
        await part(send, b"", more=False)

    async def never(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        """Never responds; sets `cancelled` when the gateway disconnects."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.cancelled.set()

    async def halfway(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """A response that is aborted after the first part."""
        length = [(b"content-length", b"100")] if b"length" in scope["query_string"] else []
        await start(send, 200, length)
        await part(send, b"half")

    async def stall(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A response that stops after the first part."""
        await start(send, 200, [])
        await part(send, b"half")
        await self.never(scope, receive, send)

    async def redirect(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 307, b"", [(b"location", b"http://example.org/elsewhere"), (b"set-cookie", b"a=1")])

    async def headers(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        extra = [
            (b"set-cookie", b"a=1"),
            (b"set-cookie", b"b=2"),
            (b"connection", b"x-hop"),
            (b"x-hop", b"1"),
            (b"keep-alive", b"timeout=5"),
            (b"x-request-id", b"not-the-one"),
            (b"x-end", b"2"),
        ]
        await respond(send, 200, b"{}", extra)

    async def empty(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await start(send, 200, [(b"content-length", b"1000")])
        else:
            await start(send, 204, [])
        await part(send, b"", more=False)

    async def early(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Responds before it reads the body."""
        await respond(send, 413, b'{"detail": "too large"}')
        await read(receive)

    async def gzip(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 200, b"\x1f\x8bnot really", [(b"content-encoding", b"gzip")])

    async def latin(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 200, b"{}", [(b"x-text", b"\xe9"), (b"x-plain", b"yes")])

    async def cached(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 200, b"{}", [(b"cache-control", b"public, max-age=60")])


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def read(receive: Receive) -> bytes:
    body = b""
    message: Message = {"more_body": True}
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def start(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def part(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def respond(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    length = (b"content-length", str(len(body)).encode())
    await start(send, status, [(b"content-type", b"application/json"), length, *(headers or [])])
    await part(send, body, more=False)
