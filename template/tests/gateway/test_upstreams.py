"""Addresses, retries and circuits of services, with real servers."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from secrets import token_hex
from typing import Self

import httpx
import pytest

from gateway import upstreams
from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.support.clients import client_of, metrics_at
from tests.support.names import NAME, Names
from tests.support.receiver import Receiver
from tests.support.serving import free_port, serve, wait_for_status, wait_until
from tests.support.upstream import Upstream


class Broken:
    """A server that accepts connections, reads a request, and closes the connection without a response."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            self.received.append(await reader.readuntil(b"\r\n"))
        writer.close()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The addresses of NAME; every use of an address looks them up again."""
    found = Names.install(monkeypatch)
    monkeypatch.setattr(upstreams, "REFRESH_SECONDS", 0.0)
    monkeypatch.setattr(upstreams, "STALE_SECONDS", 0.0)
    monkeypatch.setattr(upstreams, "MIN_REFRESH_SECONDS", 0.0)
    monkeypatch.setattr(upstreams, "MAX_DELAY_SECONDS", 0.0)
    return found


@pytest.fixture
def metrics_port() -> int:
    """The port on which this gateway serves its metrics."""
    return free_port()


@pytest.fixture
async def named(gateway_settings: GatewaySettings, metrics_port: int, names: Names) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway that reaches the projects service by its name."""
    update = {"projects_url": f"http://{NAME}:80", "upstream_slow": 0.2, "gateway_metrics_port": metrics_port}
    async with client_of(create_app(gateway_settings.model_copy(update=update))) as client:
        yield client


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


async def test_requests_are_spread_over_all_addresses_with_the_name_as_host(
    named: httpx.AsyncClient, names: Names
) -> None:
    instances = [Upstream() for _ in range(3)]
    async with AsyncExitStack() as stack:
        names.ports = [port_of(await stack.enter_async_context(serve(each))) for each in instances]
        responses = [await named.get("/api/projects/echo") for _ in range(30)]
        await asyncio.gather(*(named.get("/api/projects/echo") for _ in range(30)))
    assert {dict(each.json()["headers"])["host"] for each in responses} == {f"{NAME}:80"}
    assert all(each.requests >= 10 for each in instances)


async def test_busy_address_gets_fewer_requests(named: httpx.AsyncClient, names: Names) -> None:
    busy, idle = Upstream(), Upstream()
    async with serve(busy) as first, serve(idle) as second:
        names.ports = [port_of(first)]
        hanging = [asyncio.create_task(named.get("/api/projects/never")) for _ in range(3)]
        await wait_until(lambda: busy.requests == 3)
        names.ports = [port_of(first), port_of(second)]
        for _ in range(10):
            assert (await named.get("/api/projects/echo")).status_code == 200
        for each in hanging:
            each.cancel()
        await asyncio.wait(hanging)
    assert (busy.requests, idle.requests) == (3, 10)


async def test_changed_addresses_are_used(named: httpx.AsyncClient, names: Names) -> None:
    old, new = Upstream(), Upstream()
    async with serve(old) as first, serve(new) as second:
        names.ports = [port_of(first)]
        assert (await named.get("/api/projects/echo")).status_code == 200
        names.ports = [port_of(second)]
        assert (await named.get("/api/projects/echo")).status_code == 200
        names.ports = []
        # A failed lookup keeps the addresses.
        assert (await named.get("/api/projects/echo")).status_code == 200
    assert (old.requests, new.requests) == (1, 2)


async def test_name_without_an_address_is_a_502(named: httpx.AsyncClient, names: Names) -> None:
    assert (await named.get("/api/projects/echo")).status_code == 502
    assert names.lookups >= 1


async def test_lookups_are_shared(named: httpx.AsyncClient, names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstreams, "REFRESH_SECONDS", 60.0)
    monkeypatch.setattr(upstreams, "STALE_SECONDS", 60.0)
    async with serve(Upstream()) as url:
        names.ports = [port_of(url)]
        responses = await asyncio.gather(*(named.get("/api/projects/echo") for _ in range(20)))
    assert {each.status_code for each in responses} == {200}
    assert names.lookups == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_request_that_could_not_be_sent_is_repeated_on_another_address(
    named: httpx.AsyncClient, names: Names, method: str
) -> None:
    async with serve(Upstream()) as url:
        names.ports = [free_port(), port_of(url)]
        for size in (0, 10, 100_000):
            responses = [
                await named.request(method, "/api/projects/hash", content=b"x" * size or None) for _ in range(4)
            ]
            assert [each.status_code for each in responses] == [200] * 4
            assert {each.json()["length"] for each in responses} == {size}


async def test_idempotent_request_is_repeated_when_the_connection_is_lost(
    named: httpx.AsyncClient, names: Names
) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        async with Broken() as broken, serve(Upstream()) as url:
            names.ports = [broken.port, port_of(url)]
            responses = [await named.request(method, "/api/projects/echo") for _ in range(3)]
        assert [each.status_code for each in responses] == [200] * 3
        assert len(broken.received) == 1


async def test_other_requests_are_not_repeated(named: httpx.AsyncClient, names: Names) -> None:
    async with Broken() as broken:
        names.ports = [broken.port]
        for method in ("POST", "PATCH"):
            assert (await named.request(method, "/api/projects/echo", content=b"x")).status_code == 502
        assert (await named.put("/api/projects/echo", content=b"x" * 100_000)).status_code == 502
    assert len(broken.received) == 3


async def test_attempts_are_limited(named: httpx.AsyncClient, metrics_port: int, names: Names) -> None:
    async with Broken() as broken:
        names.ports = [broken.port]
        assert (await named.get("/api/projects/echo")).status_code == 502
    assert len(broken.received) == upstreams.MAX_ATTEMPTS
    metrics = await metrics_at(metrics_port)
    assert 'upstream_retries_total{service="projects"} 2.0' in metrics
    assert 'upstream_addresses{service="projects",state="left out"} 1.0' in metrics


async def test_each_attempt_is_a_span(named: httpx.AsyncClient, names: Names, traced: Receiver) -> None:
    trace_id = token_hex(16)
    async with Broken() as broken, serve(Upstream()) as url:
        names.ports = [broken.port, port_of(url)]
        responses = [
            await named.get("/api/projects/echo", headers={"traceparent": f"00-{trace_id}-{token_hex(8)}-01"})
            for _ in range(2)
        ]
    await traced.trace(trace_id, "tested GET /api/projects", "tested GET projects")
    await wait_until(lambda: len([each for each in traced.spans if each.trace_id == trace_id]) == 5)
    attempts = [each for each in traced.spans if each.trace_id == trace_id and each.name == "GET projects"]
    assert [each.is_failed for each in attempts].count(True) == 1
    assert sorted(each.attributes["http.request.resend_count"] for each in attempts) == [0, 0, 1]
    assert {each.attributes["upstream.circuit"] for each in attempts} == {"closed"}
    sent = {dict(each.json()["headers"])["traceparent"] for each in responses}
    assert sent == {f"00-{trace_id}-{each.span_id}-01" for each in attempts if not each.is_failed}


async def test_retries_are_a_share_of_the_requests(
    named: httpx.AsyncClient, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.breaker.OPEN_ABOVE", 2.0)
    requests = int(upstreams.RETRY_BURST)
    async with Broken() as broken:
        names.ports = [broken.port]
        for _ in range(requests):
            assert (await named.get("/api/projects/echo")).status_code == 502
    assert len(broken.received) == requests + upstreams.RETRY_BURST


async def test_failed_address_is_left_out_and_used_again(names: Names) -> None:
    now = [1000.0]
    names.ports = [1, 2]
    upstream = upstreams.Upstream("projects", f"http://{NAME}:80", 10, lambda: now[0])
    first = await upstream.choose()
    assert first is not None
    upstream.failed(first, OSError("refused"))
    assert {await upstream.choose() for _ in range(4)} == set(upstream.addresses) - {first}
    assert upstream.available() == 1
    with pytest.raises(upstreams.DegradedError, match="1 of 2 addresses of projects are left out"):
        await upstream.check()
    now[0] += upstreams.FIRST_PAUSE_SECONDS
    assert {await upstream.choose() for _ in range(4)} == set(upstream.addresses)
    for each in upstream.addresses:
        upstream.failed(each, OSError("refused"))
    second = await upstream.choose(first)
    assert second is not None
    upstream.succeeded(second)
    assert {await upstream.choose() for _ in range(4)} == {second} != {first}


async def test_failing_service_is_a_503_at_once_until_it_recovers(
    named: httpx.AsyncClient, metrics_port: int, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.breaker.FIRST_OPEN_SECONDS", 0.2)
    upstream = Upstream()
    names.ports = [free_port()]
    statuses = [(await named.post("/api/projects/echo", content=b"x")).status_code for _ in range(30)]
    assert set(statuses) == {502, 503}
    rejected = await named.get("/api/projects/echo")
    assert rejected.status_code == 503
    assert int(rejected.headers["retry-after"]) >= 1
    health = await named.get("/health/detailed")
    assert health.json()["components"]["upstream projects"]["status"] == "degraded"
    metrics = await metrics_at(metrics_port)
    assert 'upstream_circuit{service="projects",state="closed"} 0.0' in metrics
    assert re.search(r'upstream_rejected_total\{service="projects"\} [1-9]', metrics)
    async with serve(upstream) as url:
        names.ports = [port_of(url)]
        await wait_for_status(named, "/api/projects/echo", 200)
        assert [(await named.get("/api/projects/echo")).status_code for _ in range(10)] == [200] * 10


async def test_service_that_hangs_is_a_503_for_further_requests(named: httpx.AsyncClient, names: Names) -> None:
    upstream = Upstream()
    async with serve(upstream) as url:
        names.ports = [port_of(url)]
        hanging = [asyncio.create_task(named.get("/api/projects/never")) for _ in range(20)]
        await wait_until(lambda: upstream.requests == 20)
        await wait_for_status(named, "/api/projects/echo", 503)
        for each in hanging:
            each.cancel()
        await asyncio.wait(hanging)
