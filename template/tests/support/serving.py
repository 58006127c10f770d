"""Serves ASGI applications on real sockets, in the test's own process."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from shared.server import create_server

TIMEOUT_SECONDS = 30


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def serving(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """The URL at which the application answers."""
    port = port or free_port()
    server = create_server(app, "127.0.0.1", port)
    running = asyncio.ensure_future(server.serve())
    await answering(port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.interrupt_signal = True
        server.main_loop_interrupt.set()
        # A test that failed may have left a request that never ends.
        await asyncio.wait([running], timeout=2)
        running.cancel()


async def answering(port: int) -> None:
    """Wait until something listens."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                await writer.wait_closed()
                return


async def refusing(url: str) -> None:
    """Wait until nothing listens any more."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection(*address(url))
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.01)


async def under_way(url: str, path: str, length: int | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection with a request whose body, of this length or in chunks, the server has begun to read."""
    reader, writer = await asyncio.open_connection(*address(url))
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    headers = f"Host: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n{framing}"
    writer.write(f"POST {path} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), TIMEOUT_SECONDS)
    assert answer.startswith(b"HTTP/1.1 100 "), answer
    return reader, writer


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


def address(url: str) -> tuple[str, int]:
    """The host and port of a URL."""
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)
