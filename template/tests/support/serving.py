"""Serves ASGI applications on real sockets, in the test's own process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from shared.server import create_server


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
