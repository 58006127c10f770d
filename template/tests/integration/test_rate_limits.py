"""Limits that several processes share, with a Redis that stops."""

import asyncio
import os
import re
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from tasks.core.ports import Ports
from tasks.servers.group import Group
from tasks.servers.valkey import Valkey
from tests.support.clients import http_client
from tests.support.processes import run_service
from tests.support.serving import free_port

LIMIT = 20


async def log_in(gateways: list[httpx.AsyncClient], count: int) -> list[int]:
    """The statuses of so many logins without a body at each gateway, all at once."""
    requests = [gateway.post("/api/auth/login", json={}) for gateway in gateways for _ in range(count)]
    return [each.status_code for each in await asyncio.gather(*requests)]


async def limits_health(gateway: httpx.AsyncClient) -> str:
    """The status of the limits in the gateway's readiness."""
    response = await gateway.get("/health/detailed")
    status: str = response.json()["components"]["rate limits"]["status"]
    return status


async def test_limits_are_exact_across_gateways_and_local_when_redis_stops(
    settings: dict[str, str], tmp_path: Path
) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="slipway-"))
    pids: list[int] = []
    async with AsyncExitStack() as stack:
        ports, group = stack.enter_context(Ports()), stack.enter_context(Group(scratch, pids.append))
        url = Valkey(scratch / "valkey", durable=False).start(group, ports, on_usual=False)
        own = {**settings, "REDIS_URL": url, "REDIS_TIMEOUT": "30", "RATE_LIMIT_CREDENTIALS": f"{LIMIT}/hour"}
        processes = [stack.enter_context(run_service("gateway", free_port(), own, tmp_path)) for _ in range(2)]
        for each in processes:
            await asyncio.to_thread(each.wait_until_ready)
        gateways = [await stack.enter_async_context(http_client(each.url)) for each in processes]
        shared = await log_in(gateways, LIMIT)
        assert await limits_health(gateways[0]) == "ok"
        os.kill(pids[-1], signal.SIGKILL)
        alone = [await log_in([gateway], LIMIT + 5) for gateway in gateways]
        assert await limits_health(gateways[0]) == "degraded"
        metrics = [(await gateways[0].get(each.metrics_url)).text for each in processes]
    assert "rate_limit_redis 0.0" in metrics[0]
    # Each process is a target of Prometheus, which adds up.
    counted = re.findall(
        r'http_requests_total\{method="POST",route="/api/auth",status="\d+"\} ([\d.]+)', "".join(metrics)
    )
    assert sum(map(float, counted)) == len(shared) + sum(map(len, alone))
    assert (shared.count(422), shared.count(429)) == (LIMIT, LIMIT)
    assert [(each.count(422), each.count(429)) for each in alone] == [(LIMIT, 5)] * 2
