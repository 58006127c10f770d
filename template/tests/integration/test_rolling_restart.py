import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.support.application import gateway_urls
from tests.support.clients import client_of
from tests.support.names import NAME, Names
from tests.support.processes import ServiceProcess, run_service
from tests.support.serving import free_port, wait_until
from tests.support.users import User

# Requests that must be answered before the next step.
STEP = 100
# Between two requests of a client: without a pause, clients take the CPU time that instances need to start.
PAUSE_SECONDS = 0.01


async def test_rolling_restart_of_two_instances_loses_no_request(
    settings: dict[str, str],
    common: dict[str, Any],
    auth_url: str,
    user: User,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names.install(monkeypatch)
    names.ports = [free_port(), free_port()]
    gateway = GatewaySettings(
        **common,
        **gateway_urls(f"http://{NAME}:80", auth=auth_url),
    )
    statuses: list[int] = []
    running = True

    async def load(client: httpx.AsyncClient, method: str) -> None:
        while running:
            body = {"name": "Project"} if method == "POST" else None
            statuses.append((await client.request(method, "/api/projects", json=body)).status_code)
            await asyncio.sleep(PAUSE_SECONDS)

    async def step() -> None:
        expected = len(statuses) + STEP
        await wait_until(lambda: len(statuses) > expected)

    async with AsyncExitStack() as stack:

        async def start(port: int) -> ServiceProcess:
            process = stack.enter_context(run_service("projects", port, settings, tmp_path))
            await asyncio.to_thread(process.wait_until_ready)
            return process

        processes = [await start(port) for port in names.ports]
        client = await stack.enter_async_context(client_of(create_app(gateway)))
        client.headers.update(user.headers)
        clients = [asyncio.create_task(load(client, method)) for method in ("GET", "GET", "GET", "POST")]
        for port, process in zip(names.ports, processes, strict=True):
            await step()
            assert await asyncio.to_thread(process.stop) == 0
            await step()
            await start(port)
        await step()
        running = False
        await asyncio.gather(*clients)
    assert set(statuses) == {200, 201}
