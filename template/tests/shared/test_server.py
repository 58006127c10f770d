import asyncio
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest

from tests.support.clients import ssl_context
from tests.support.processes import process_environment
from tests.support.serving import TIMEOUT_SECONDS, address, free_port, serve
from tests.support.upstream import Upstream

PROGRAM = """
import asyncio, time
from shared import server
from shared.settings import ServiceSettings, load

async def app(scope, receive, send):
    if scope["path"] == "/stuck":
        asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})

server.CLOSE_SECONDS = 0.5
server.run("stuck", app, load(ServiceSettings), PORT)
"""


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_idle_connection_and_unfinished_header_have_a_deadline(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("shared.server.KEEP_ALIVE", timedelta(seconds=0.2))
    async with serve(Upstream()) as url:
        reader, writer = await asyncio.open_connection(*address(url))
        writer.write(sent)
        # Granian's own deadline is after 30 seconds.
        assert not (await asyncio.wait_for(reader.read(), TIMEOUT_SECONDS / 2)).startswith(b"HTTP/1.1 200 ")
        writer.close()


@pytest.mark.parametrize(("path", "code", "timeout"), [("/", 0, 2.0), ("/stuck", 1, 3.5)])
def test_sigterm_ends_the_process_even_if_a_thread_hangs(path: str, code: int, timeout: float) -> None:
    settings = {"APP_NAME": "x", "ENVIRONMENT": "development", "SHUTDOWN_TIMEOUT": "0.5"}
    port = free_port()
    program = [sys.executable, "-c", PROGRAM.replace("PORT", str(port))]
    with subprocess.Popen(program, env=process_environment(settings)) as process:
        try:
            wait_for_response(f"http://127.0.0.1:{port}{path}")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout) == code
        finally:
            process.kill()


def wait_for_response(url: str) -> None:
    """Return when the URL responds."""
    for _ in range(200):
        with suppress(httpx.TransportError):
            if httpx.get(url, verify=ssl_context()).status_code == 204:
                return
        time.sleep(0.05)
    raise AssertionError(f"{url} does not respond")
