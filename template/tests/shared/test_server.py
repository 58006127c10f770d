import signal
import subprocess
import sys
import time
from contextlib import suppress

import httpx
import pytest

from tests.support.processes import environment_of
from tests.support.serving import free_port

PROGRAM = """
import asyncio, time
from shared.server import run
from shared.settings import ServiceSettings, load

async def app(scope, receive, send):
    if scope["path"] == "/stuck":
        asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})

run("stuck", app, load(ServiceSettings), PORT)
"""


@pytest.mark.parametrize(("path", "code", "within"), [("/", 0, 2.0), ("/stuck", 1, 6.0)])
def test_a_service_that_is_told_to_stop_ends_though_a_thread_hangs(path: str, code: int, within: float) -> None:
    settings = {"APP_NAME": "x", "ENVIRONMENT": "development", "SHUTDOWN_TIMEOUT": "0.5"}
    port = free_port()
    program = [sys.executable, "-c", PROGRAM.replace("PORT", str(port))]
    with subprocess.Popen(program, env=environment_of(settings)) as process:
        try:
            await_answer(f"http://127.0.0.1:{port}{path}")
            process.send_signal(signal.SIGTERM)
            assert process.wait(within) == code
        finally:
            process.kill()


def await_answer(url: str) -> None:
    """Return when the URL answers."""
    for _ in range(200):
        with suppress(httpx.TransportError):
            if httpx.get(url).status_code == 204:
                return
        time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")
