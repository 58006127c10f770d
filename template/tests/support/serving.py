"""Serves ASGI applications on real sockets in the process of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
from starlette.types import ASGIApp

from shared.server import create_server

TIMEOUT_SECONDS = 30
STOP_SECONDS = 5


def free_port() -> int:
    """A port that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def serve(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Serve the application; yields its URL."""
    port = port or free_port()
    server = create_server(app, "127.0.0.1", port)
    serving = asyncio.ensure_future(server.serve())
    await wait_until_listening(port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.interrupt_signal = True
        server.main_loop_interrupt.set()
        # A failed test may have left a request that never ends. What a lifespan has started must not outlive it.
        await asyncio.wait([serving], timeout=STOP_SECONDS)
        serving.cancel()


async def wait_until_listening(port: int) -> None:
    """Return when the port accepts connections."""
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


async def wait_until_closed(url: str) -> None:
    """Return when the port of the URL refuses connections."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection(*address(url))
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.01)


async def start_request(url: str, path: str, length: int | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send the headers of a POST request, and return when the server has begun to read the body.

    The body has the given length, or is chunked.
    """
    reader, writer = await asyncio.open_connection(*address(url))
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    headers = f"Host: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n{framing}"
    writer.write(f"POST {path} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
    response = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), TIMEOUT_SECONDS)
    assert response.startswith(b"HTTP/1.1 100 "), response
    return reader, writer


async def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition is true."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def wait_for_status(client: httpx.AsyncClient, path: str, status: int) -> None:
    """Return when GET responds with the status."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            if (await client.get(path)).status_code == status:
                return
            await asyncio.sleep(0.01)


async def wait_for_metrics(client: httpx.AsyncClient, *lines: str) -> None:
    """Return when the metrics have these lines."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            if set(lines) <= set((await client.get("/metrics")).text.splitlines()):
                return
            await asyncio.sleep(0.01)


def address(url: str) -> tuple[str, int]:
    """The host and port of a URL."""
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)
