import asyncio
import errno
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from fastapi import FastAPI

from shared import probe
from shared.application import create_service
from shared.health import Check
from tests.support.clients import SETTINGS
from tests.support.serving import free_port, serve


async def passing() -> None:
    """A check that passes."""


async def failing() -> None:
    raise ConnectionError("the database is unavailable")


def service(check: Check) -> AbstractAsyncContextManager[str]:
    """Serve a service with one readiness check."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.checks = {"database": check}
        yield

    return serve(create_service("test", "A test.", lifespan, [], SETTINGS))


def run_probe(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Run the command in this process; returns the exit code or error message."""
    monkeypatch.setattr(sys, "argv", ["probe", *arguments])
    with pytest.raises(SystemExit) as exited:
        probe.main()
    return exited.value.code


@pytest.mark.parametrize(
    ("check", "code", "output"), [(passing, 0, '"ok"'), (failing, 1, "the database is unavailable")]
)
async def test_exit_code_and_output_show_the_readiness(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], check: Check, code: int, output: str
) -> None:
    async with service(check) as url:
        assert await asyncio.to_thread(run_probe, monkeypatch, url.rpartition(":")[2]) == code
    assert output in capsys.readouterr().out


def test_unused_port_is_not_ready(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    assert run_probe(monkeypatch, str(port)) == 1
    refused = f"[Errno {errno.ECONNREFUSED}] {os.strerror(errno.ECONNREFUSED)}"
    assert capsys.readouterr().out == f"no response on port {port}: {refused}\n"


def test_service_that_does_not_respond_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert probe.probe(port) == (False, f"no response on port {port}: timed out")


@pytest.mark.parametrize("arguments", [(), ("gateway",), ("8000", "8001")])
def test_usage_is_printed_without_a_port(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    assert run_probe(monkeypatch, *arguments) == "usage: python -m shared.probe PORT"
