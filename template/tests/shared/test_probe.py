import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from fastapi import FastAPI

from shared import probe
from shared.application import create_service
from shared.health import Check
from tests.support.processes import environment_of
from tests.support.serving import free_port, serving


async def fine() -> None:
    """A dependency that answers."""


async def broken() -> None:
    raise ConnectionError("the database is away")


def service(check: Check) -> AbstractAsyncContextManager[str]:
    """A running service that needs one thing."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.checks = {"database": check}
        yield

    return serving(create_service("test", lifespan, []))


def run_probe(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shared.probe", *arguments]
    return subprocess.run(command, env=environment_of({}), capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("check", "code", "words"), [(fine, 0, '"ok"'), (broken, 1, "the database is away")])
async def test_it_ends_as_the_service_is_and_repeats_its_words(check: Check, code: int, words: str) -> None:
    async with service(check) as url:
        done = await asyncio.to_thread(run_probe, url.rpartition(":")[2])
    assert (done.returncode, done.stderr) == (code, "")
    assert words in done.stdout


def test_nobody_there_is_not_ready() -> None:
    port = free_port()
    done = run_probe(str(port))
    assert done.returncode == 1
    assert done.stdout == f"no answer on port {port}: [Errno 111] Connection refused\n"


def test_a_service_that_hangs_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert probe.ask(silent.getsockname()[1]) == (
            False,
            f"no answer on port {silent.getsockname()[1]}: timed out",
        )


@pytest.mark.parametrize("arguments", [(), ("gateway",), ("8000", "8001")])
def test_without_a_port_it_says_how_it_is_used(arguments: tuple[str, ...]) -> None:
    done = run_probe(*arguments)
    assert (done.returncode, done.stderr) == (1, "usage: python -m shared.probe PORT\n")
