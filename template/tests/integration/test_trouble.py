import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.people import PASSWORD, join, new_email
from tests.support.processes import TIMEOUT_SECONDS, environment_of, running
from tests.support.serving import free_port, refusing, under_way


def run(name: str, settings: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A service that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", name],
        cwd=folder,
        env=environment_of(settings),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


async def test_a_service_that_is_down_is_a_502_until_it_is_back(
    auth: httpx.AsyncClient, addresses: dict[str, str], tmp_path: Path
) -> None:
    person = await join(auth)
    port, gateway_port = free_port(), free_port()
    settings = {**addresses, "PROJECTS_URL": f"http://127.0.0.1:{port}"}
    with running("gateway", gateway_port, settings, tmp_path) as gateway:
        gateway.await_ready()
        async with httpx.AsyncClient(base_url=gateway.url, headers=person.headers, timeout=TIMEOUT_SECONDS) as client:
            before = await client.get("/api/projects")
            health = await client.get("/health/detailed")
            with running("projects", port, settings, tmp_path) as projects:
                projects.await_ready()
                assert (await client.get("/api/projects")).status_code == 200
            after = await client.get("/api/projects")
    for down in (before, after):
        assert down.status_code == 502
        assert down.json() == {"detail": "The projects service cannot be reached or failed"}
    assert (health.status_code, health.json()["components"]["auth"]["status"]) == (503, "ok")


async def test_requests_under_way_end_before_a_service_does(addresses: dict[str, str], tmp_path: Path) -> None:
    body = json.dumps({"email": new_email(), "name": "Slow", "password": PASSWORD}).encode()
    with running("auth", free_port(), addresses, tmp_path) as auth:
        auth.await_ready()
        reader, writer = await under_way(auth.url, "/api/auth/register", len(body))
        auth.popen.terminate()
        await refusing(auth.url)
        writer.write(body)
        assert await asyncio.wait_for(reader.readline(), TIMEOUT_SECONDS) == b"HTTP/1.1 201 Created\r\n"
        writer.close()
        assert await asyncio.to_thread(auth.popen.wait, TIMEOUT_SECONDS) == 0
        assert [each["level"] for each in auth.events() if each["level"] in {"error", "warning"}] == []


async def test_a_service_does_not_wait_for_ever_for_what_is_under_way(
    addresses: dict[str, str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(TIMEOUT_SECONDS)
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        impatient = {**addresses, "SHUTDOWN_TIMEOUT": "0.3", "UPSTREAM_TIMEOUT": "60", "PROJECTS_URL": url}
        with running("gateway", free_port(), impatient, tmp_path) as gateway:
            gateway.await_ready()
            async with httpx.AsyncClient(base_url=gateway.url, timeout=TIMEOUT_SECONDS) as client:
                asking = asyncio.create_task(client.get("/api/projects"))
                arrived, _ = await asyncio.to_thread(mute.accept)
                with arrived:
                    gateway.popen.terminate()
                    assert await asyncio.to_thread(gateway.popen.wait, TIMEOUT_SECONDS) == 0
                    assert (await asking).status_code == 500


def test_a_port_that_is_taken_is_said_in_plain_words(auth_url: str, addresses: dict[str, str], tmp_path: Path) -> None:
    port = auth_url.rpartition(":")[2]
    done = run("auth", {**addresses, "AUTH_PORT": port}, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 2
    assert f"Port {port} on 127.0.0.1 is taken" in done.stderr


def test_an_address_that_is_not_this_machines_is_said_in_plain_words(addresses: dict[str, str], tmp_path: Path) -> None:
    done = run("gateway", {**addresses, "HOST": "192.0.2.1"}, tmp_path)
    assert done.returncode == 1
    assert "Cannot listen on 192.0.2.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_settings_are_said_in_plain_words(addresses: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_text("AUTH_SIGNING_KEY=hunter2hunter2\n", encoding="utf-8")
    done = run("auth", {**addresses, "AUTH_SIGNING_KEY": "", "AUTH_PORT": "0"}, tmp_path)
    assert done.returncode == 2
    assert "AUTH_SIGNING_KEY" in done.stderr
    assert "AUTH_PORT" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["gateway", "auth", "projects"])
def test_production_refuses_the_settings_of_development(addresses: dict[str, str], tmp_path: Path, name: str) -> None:
    done = run(name, {**addresses, "ENVIRONMENT": "production", "LOG_LEVEL": "DEBUG"}, tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert "LOG_LEVEL: should not be DEBUG in production" in done.stderr
    others = {"gateway": "AUTH_URL", "auth": "AUTH_SIGNING_KEY", "projects": "JWKS_URL"}
    assert f"{others[name]}: should" in done.stderr


def test_migrations_refuse_the_database_of_development_in_production(addresses: dict[str, str], tmp_path: Path) -> None:
    url = "postgresql://app:password@127.0.0.1:5432/app"
    done = run("shared.database.migrate", {"ENVIRONMENT": "production", "DATABASE_URL": url}, tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 2)
    assert "DATABASE_URL: should have a password of 12 random characters or more in production" in done.stderr
    assert url not in done.stderr
