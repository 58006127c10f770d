import asyncio
import json
import os
import runpy
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_app as create_gateway
from gateway.settings import GatewaySettings
from projects.app import create_app as create_projects
from projects.settings import ProjectsSettings
from tests.support.application import gateway_urls
from tests.support.clients import http_client, problem_of
from tests.support.processes import TIMEOUT_SECONDS, run_service
from tests.support.serving import free_port, serve, start_request, wait_until_closed
from tests.support.users import PASSWORD, User, new_email

Start = Callable[[str, dict[str, str]], tuple[int, list[str]]]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Start:
    """Runs the entry point of a service that is expected to fail; returns the exit code and the lines on stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("uvloop.run", lambda _: pytest.fail("The service has started."))

    def run(name: str, settings: dict[str, str]) -> tuple[int, list[str]]:
        monkeypatch.setattr(os, "environ", {"PATH": os.environ["PATH"], **settings})
        with pytest.raises(SystemExit) as exited:
            runpy.run_module(name, run_name="__main__")
        printed = capsys.readouterr()
        assert printed.out == ""
        assert isinstance(exited.value.code, int)
        return exited.value.code, printed.err.splitlines()

    return run


async def test_stopped_service_is_a_502_until_it_is_back(
    common: dict[str, Any], auth_url: str, user: User, projects_settings: ProjectsSettings
) -> None:
    port = free_port()
    settings = GatewaySettings(
        **common,
        **gateway_urls(f"http://127.0.0.1:{port}", auth=auth_url),
    )
    async with (
        serve(create_gateway(settings)) as url,
        http_client(url) as client,
    ):
        client.headers.update(user.headers)
        before = await client.get("/api/projects")
        health = await client.get("/health/detailed")
        async with serve(create_projects(projects_settings), port):
            assert (await client.get("/api/projects")).status_code == 200
        after = await client.get("/api/projects")
    for response in (before, after):
        assert response.status_code == 502
        assert problem_of(response)[1] == "The projects service is unavailable or failed"
    assert (health.status_code, health.json()["components"]["auth"]["status"]) == (503, "ok")


async def test_shutdown_waits_for_running_requests(settings: dict[str, str], tmp_path: Path) -> None:
    body = json.dumps({"email": new_email(), "name": "Slow", "password": PASSWORD}).encode()
    with run_service("auth", free_port(), settings, tmp_path) as auth:
        auth.wait_until_ready()
        reader, writer = await start_request(auth.url, "/api/auth/register", len(body))
        auth.popen.terminate()
        await wait_until_closed(auth.url)
        writer.write(body)
        assert await asyncio.wait_for(reader.readline(), TIMEOUT_SECONDS) == b"HTTP/1.1 202 Accepted\r\n"
        writer.close()
        assert await asyncio.to_thread(auth.popen.wait, TIMEOUT_SECONDS) == 0
        assert [each["level"] for each in auth.events() if each["level"] in {"error", "warning"}] == []


async def test_shutdown_ends_requests_with_503_after_the_timeout(settings: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(TIMEOUT_SECONDS)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        overrides = {"SHUTDOWN_TIMEOUT": "0.3", "UPSTREAM_TIMEOUT": "60", "PROJECTS_URL": url}
        with run_service("gateway", free_port(), {**settings, **overrides}, tmp_path) as gateway:
            gateway.wait_until_ready()
            async with http_client(gateway.url) as client:
                request = asyncio.create_task(client.get("/api/projects"))
                connection, _ = await asyncio.to_thread(silent.accept)
                with connection:
                    gateway.popen.terminate()
                    assert await asyncio.to_thread(gateway.popen.wait, TIMEOUT_SECONDS) == 0
                    response = await request
                    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


def test_port_in_use_is_reported(auth_url: str, settings: dict[str, str], start: Start) -> None:
    port = auth_url.rpartition(":")[2]
    code, lines = start("auth", {**settings, "AUTH_PORT": port})
    assert (code, len(lines)) == (1, 2)
    assert f"Port {port} on 127.0.0.1 is in use" in lines[0]


def test_address_of_another_machine_is_reported(settings: dict[str, str], start: Start) -> None:
    code, lines = start("gateway", {**settings, "HOST": "192.0.2.1"})
    assert (code, len(lines)) == (1, 2)
    assert "Cannot listen on 192.0.2.1" in lines[0]


def test_invalid_settings_are_reported(settings: dict[str, str], start: Start, tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_text("AUTH_SIGNING_KEY=hunter2hunter2\n", encoding="utf-8")
    invalid = {**settings, "AUTH_PORT": "0"}
    del invalid["AUTH_SIGNING_KEY"]
    code, lines = start("auth", invalid)
    assert (code, len(lines)) == (2, 2)
    assert "AUTH_SIGNING_KEY" in lines[0]
    assert "AUTH_PORT" in lines[0]
    assert "hunter2" not in lines[0]


@pytest.mark.parametrize(
    ("name", "invalid"), [("gateway", "AUTH_URL"), ("auth", "AUTH_SIGNING_KEY"), ("projects", "JWKS_URL")]
)
def test_production_rejects_development_settings(
    settings: dict[str, str], start: Start, name: str, invalid: str
) -> None:
    code, lines = start(name, {**settings, "ENVIRONMENT": "production", "LOG_LEVEL": "DEBUG"})
    assert (code, len(lines)) == (2, 2)
    assert "LOG_LEVEL: should not be DEBUG in production" in lines[0]
    assert f"{invalid}: should" in lines[0]
