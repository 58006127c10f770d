import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.proxy import BODIES
from gateway.routes import create_routes
from gateway.settings import GatewaySettings
from tests.gateway.test_headers import parse
from tests.gateway.test_proxy import raw
from tests.support.clients import problem_of
from tests.support.serving import TIMEOUT_SECONDS, start_request, wait_until
from tests.support.upstream import Upstream

KIB = 1024
JSON = {"Content-Type": "application/json"}
PATH = "/api/projects/hash"


async def in_parts(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, KIB):
        yield b"x" * min(KIB, size - start)


@pytest.mark.parametrize("announced", [True, False])
async def test_body_is_limited_per_route(
    gateway: httpx.AsyncClient, upstream: Upstream, gateway_settings: GatewaySettings, announced: bool
) -> None:
    limits = {route.path: route.max_body for route in create_routes(gateway_settings)}
    assert limits["/api/auth"] < limits["/api/projects"] <= 256 * KIB
    for prefix in ("/api/auth", "/api/projects"):
        size = limits[prefix] + 1
        content = b"x" * size if announced else in_parts(size)
        response = await gateway.post(f"{prefix}/login", content=content, headers=JSON)
        assert problem_of(response) == (413, "The body is too large"), prefix
    limit = limits["/api/projects"]
    accepted = await gateway.post(PATH, content=b"x" * limit if announced else in_parts(limit))
    assert accepted.json()["length"] == limit
    assert upstream.requests <= 2


@pytest.mark.parametrize("chunk", [b"zz\r\n", b"5\r\nabc\r\n0\r\n\r\n", b"-1\r\n", b"2\r\nabcd\r\n"])
@pytest.mark.parametrize("path", [PATH, "/api/auth/login"])
async def test_malformed_chunk_is_a_400(gateway_url: str, path: str, chunk: bytes) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with capture_logs() as logs:
        response = parse(await raw(gateway_url, head.encode() + b"1\r\n{\r\n" + chunk))
    assert problem_of(response) == (400, "The request body is malformed or incomplete")
    assert response.headers["x-request-id"]
    assert {each["log_level"] for each in logs} == {"info"}


@pytest.mark.parametrize("length", [100, 100_000, None])
async def test_body_that_is_too_slow_is_a_408(
    gateway_url: str, monkeypatch: pytest.MonkeyPatch, length: int | None
) -> None:
    monkeypatch.setattr("shared.request_body.MAX_BODY_SECONDS", 0.3)
    reader, writer = await start_request(gateway_url, PATH, length)
    response = asyncio.create_task(reader.readuntil(b"}"))
    # Each byte arrives well within the timeout of a single part.
    while not (await asyncio.wait([response], timeout=0.05))[0]:
        writer.write(b"x" if length else b"1\r\nx\r\n")
    assert (await response).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_slow_body_above_the_minimum_rate_is_accepted(gateway_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.request_body.MAX_BODY_SECONDS", 0.3)
    reader, writer = await start_request(gateway_url, PATH, 10 * KIB)
    for _ in range(10):
        writer.write(b"x" * KIB)
        await asyncio.sleep(0.1)
    response = await asyncio.wait_for(reader.readuntil(b"}"), TIMEOUT_SECONDS)
    assert response.startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_number_of_bodies_received_at_once_is_limited(
    gateway_url: str, gateway: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.request_body.MAX_BODIES_PER_CLIENT", 3)
    async with AsyncExitStack() as stack:
        for length in (100, 100_000, None):
            _, writer = await start_request(gateway_url, PATH, length)
            stack.callback(writer.close)
        rejected = await gateway.post(PATH, content=b"x")
        assert problem_of(rejected)[0] == 429
        assert rejected.headers["retry-after"] == "1"
        assert (await gateway.get("/api/projects/echo")).status_code == 200
    await wait_until(lambda: not BODIES._total)
    assert (await gateway.post(PATH, content=b"x")).status_code == 200


async def test_number_of_bodies_of_all_clients_is_limited(
    gateway_url: str, gateway: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.request_body.MAX_BODIES", 1)
    _, writer = await start_request(gateway_url, PATH, 100)
    rejected = await gateway.post(PATH, content=b"x")
    assert (rejected.status_code, rejected.headers["retry-after"]) == (503, "1")
    writer.close()
    await wait_until(lambda: not BODIES._total)


async def test_requests_that_wait_for_the_service_do_not_count_as_bodies(
    gateway: httpx.AsyncClient, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.request_body.MAX_BODIES", 1)
    waiting = asyncio.create_task(gateway.post("/api/projects/never", content=b"x"))
    await asyncio.wait_for(upstream.reached.wait(), TIMEOUT_SECONDS)
    assert (await gateway.post(PATH, content=b"x")).status_code == 200
    waiting.cancel()
