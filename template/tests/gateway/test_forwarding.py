import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.support.people import Person
from tests.support.serving import TIMEOUT_SECONDS, serving, under_way, until
from tests.support.upstream import Upstream

BIG = 8 * 1024 * 1024


async def parts(size: int, count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number % 256]) * size


async def raw(gateway_url: str, request: bytes, end: bytes | None = None) -> bytes:
    """The response to bytes that no client library would send, up to `end` or the end of the connection."""
    host, _, port = gateway_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    answer = await asyncio.wait_for(reader.readuntil(end) if end else reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    return answer


def statuses(logs: list[Any]) -> list[int]:
    """With what the requests ended that are over."""
    return [each["status"] for each in logs if each["event"] == "request"]


def headers_of(echoed: Any) -> dict[str, str]:
    return dict(echoed["headers"])


async def test_method_path_query_and_body_arrive_as_they_were_sent(gateway: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        path = "/api/projects/a%2Fb/%C3%A9%20x?q=%2e%2e/&empty=&q=1+2"
        seen = (await gateway.request(method, path, content=b"body" if method != "GET" else None)).json()
        assert seen["method"] == method
        assert f"{seen['path']}?{seen['query']}" == path
        assert seen["body"] == ("body" if method != "GET" else "")


@pytest.mark.parametrize(
    "path",
    [
        "/api/projects/../auth/me",
        "/api/projects/%2e%2e/auth/me",
        "/api/projects/x/.%2E/y",
        "/api/projects/..",
        "/api/projects/./x",
        "/api/projects\\..\\x",
        "/api/projects/a\\b",
    ],
)
async def test_a_path_that_a_service_could_read_differently_is_refused(
    gateway_url: str, upstream: Upstream, path: str
) -> None:
    answer = await raw(gateway_url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] in {b"400", b"404"}
    assert upstream.requests == 0


@pytest.mark.parametrize("path", ["/api/projectsx", "/api/%70rojects", "//api/projects", "/api", "/API/projects"])
async def test_what_only_looks_like_a_prefix_is_not_forwarded(gateway: httpx.AsyncClient, path: str) -> None:
    assert (await gateway.get(path)).status_code == 404


async def test_dots_that_are_no_segment_pass(gateway: httpx.AsyncClient) -> None:
    assert (await gateway.get("/api/projects/..a/b..%2e/...")).json()["path"] == "/api/projects/..a/b..%2e/..."


async def test_headers_about_the_connection_stay_behind(gateway_url: str) -> None:
    answer = await raw(
        gateway_url,
        b"GET /api/projects/echo HTTP/1.1\r\nHost: shop.example.org\r\nConnection: close, X-Secret\r\n"
        b"X-Secret: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nUpgrade: websocket\r\nProxy-Authorization: x\r\n"
        b"X-Kept: 1\r\nAccept: a\r\nAccept: b\r\n\r\n",
    )
    echoed = httpx.Response(200, content=answer.partition(b"\r\n\r\n")[2]).json()
    names = {name for name, _ in echoed["headers"]}
    assert not names & {"x-secret", "keep-alive", "te", "upgrade", "proxy-authorization", "connection"}
    assert ["x-kept", "1"] in echoed["headers"]
    assert [value for name, value in echoed["headers"] if name == "accept"] == ["a", "b"]


async def test_where_a_request_came_from_is_said_by_the_gateway_alone(
    gateway: httpx.AsyncClient, upstream_url: str
) -> None:
    forged = {
        "Forwarded": "for=1.2.3.4",
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Host": "evil.example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-IP": "1.2.3.4",
        "Host": "shop.example.org",
    }
    seen = headers_of((await gateway.get("/api/projects/echo", headers=forged)).json())
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["x-forwarded-host"] == "shop.example.org"
    assert seen["host"] == upstream_url.removeprefix("http://")
    assert not {"forwarded", "x-forwarded-prefix", "x-real-ip"} & set(seen)


async def test_headers_of_the_response_come_back_but_those_of_its_connection(gateway: httpx.AsyncClient) -> None:
    answer = await gateway.get("/api/projects/headers", headers={"X-Request-ID": "the-right-one"})
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["x-end"] == "2"
    assert answer.headers.get_list("x-request-id") == ["the-right-one"]
    assert len(answer.headers.get_list("date")) == 1
    assert len(answer.headers.get_list("server")) == 1
    assert not {"x-hop", "keep-alive"} & set(answer.headers)


async def test_the_request_id_reaches_the_service(gateway: httpx.AsyncClient) -> None:
    answer = await gateway.get("/api/projects/echo", headers={"X-Request-ID": "abcdefgh-12345"})
    assert headers_of(answer.json())["x-request-id"] == "abcdefgh-12345"
    made_up = await gateway.get("/api/projects/echo", headers={"X-Request-ID": "bad id"})
    assert headers_of(made_up.json())["x-request-id"] == made_up.headers["x-request-id"] != "bad id"


async def test_redirects_and_cookies_are_the_clients_business(gateway: httpx.AsyncClient) -> None:
    answer = await gateway.get("/api/projects/redirect")
    assert answer.status_code == 307
    assert answer.headers["location"] == "http://example.org/elsewhere"
    gateway.cookies.clear()
    assert "cookie" not in headers_of((await gateway.get("/api/projects/echo")).json())


async def test_a_compressed_body_is_not_unpacked(gateway: httpx.AsyncClient) -> None:
    async with gateway.stream("GET", "/api/projects/gzip") as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert body == b"\x1f\x8bnot really"


async def test_nothing_is_added_to_a_request(gateway_url: str) -> None:
    answer = await raw(gateway_url, b"GET /api/projects/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    echoed = httpx.Response(200, content=answer.partition(b"\r\n\r\n")[2]).json()
    ours = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "host"}
    assert set(headers_of(echoed)) - ours <= {"accept", "user-agent"}


async def test_responses_without_a_body_have_none(gateway: httpx.AsyncClient) -> None:
    head = await gateway.head("/api/projects/empty")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "1000", b"")
    empty = await gateway.get("/api/projects/empty")
    assert (empty.status_code, empty.content) == (204, b"")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_big_upload_arrives_whole(gateway: httpx.AsyncClient, announced: bool) -> None:
    size, count = 64 * 1024, BIG // (64 * 1024)
    headers = {"Content-Length": str(BIG)} if announced else {}
    answer = await gateway.post("/api/projects/hash", content=parts(size, count), headers=headers)
    expected = hashlib.sha256(b"".join([part async for part in parts(size, count)])).hexdigest()
    assert answer.json() == {"length": BIG, "sha256": expected}


async def test_an_upload_streams_while_the_client_still_sends(gateway: httpx.AsyncClient, upstream: Upstream) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.wait_for(upstream.reached.wait(), TIMEOUT_SECONDS)
        yield b"y"

    answer = await gateway.post("/api/projects/echo", content=body())
    assert answer.json()["body"] == "xy"


async def test_a_service_may_answer_before_the_client_has_sent_all(gateway_url: str) -> None:
    start = b"POST /api/projects/early HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    assert (await raw(gateway_url, start + b"x", b"}")).startswith(b"HTTP/1.1 413 ")


async def test_a_client_that_sends_all_before_it_reads_gets_an_early_answer(gateway: httpx.AsyncClient) -> None:
    for _ in range(20):
        assert (await gateway.post("/api/projects/early", content=parts(64 * 1024, 20))).status_code == 413


async def test_the_start_of_a_stream_is_sent_before_its_first_event(
    gateway: httpx.AsyncClient, upstream: Upstream
) -> None:
    async with gateway.stream("GET", "/api/projects/late-events") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        upstream.proceed.set()
        assert await anext(answer.aiter_raw()) == b"data: late\n\n"


async def test_events_come_one_by_one(gateway: httpx.AsyncClient, upstream: Upstream) -> None:
    async with gateway.stream("GET", "/api/projects/events") as answer:
        received = answer.aiter_raw()
        assert await anext(received) == b"data: one\n\n"
        upstream.proceed.set()
        assert await anext(received) == b"data: two\n\n"
    assert answer.headers["content-type"] == "text/event-stream"


async def test_when_the_client_goes_away_the_service_is_told(impatient: httpx.AsyncClient, upstream: Upstream) -> None:
    with capture_logs() as logs:
        asking = asyncio.create_task(impatient.get("/api/projects/never"))
        await asyncio.wait_for(upstream.reached.wait(), TIMEOUT_SECONDS)
        asking.cancel()
        await until(lambda: statuses(logs) == [499])
    # Only after the gateway's timeout with the service: see Clients.
    await asyncio.wait_for(upstream.cancelled.wait(), TIMEOUT_SECONDS)


async def test_when_the_client_leaves_an_event_stream_the_service_is_told(
    gateway_settings: GatewaySettings, upstream: Upstream
) -> None:
    patient = gateway_settings.model_copy(update={"upstream_timeout": 2 * TIMEOUT_SECONDS})
    async with serving(create_app(patient)) as url, httpx.AsyncClient(base_url=url) as gateway:
        async with gateway.stream("GET", "/api/projects/stall") as answer:
            assert await anext(answer.aiter_raw()) == b"half"
        await asyncio.wait_for(upstream.cancelled.wait(), TIMEOUT_SECONDS)


async def test_a_client_that_stops_halfway_through_a_body_leaves_nothing_behind(
    gateway_url: str, gateway: httpx.AsyncClient
) -> None:
    with capture_logs() as logs:
        for length in (100, 100_000, None):
            _, writer = await under_way(gateway_url, "/api/projects/hash", length)
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        await until(lambda: statuses(logs) == [499] * 3)
    assert (await gateway.get("/api/projects/echo")).status_code == 200


async def test_a_slow_service_is_a_504(impatient: httpx.AsyncClient, upstream: Upstream) -> None:
    answer = await impatient.get("/api/projects/never")
    assert answer.status_code == 504
    assert answer.json() == {"detail": "The projects service did not answer in time"}
    assert answer.headers["x-request-id"]
    await asyncio.wait_for(upstream.cancelled.wait(), TIMEOUT_SECONDS)


async def test_a_slow_client_is_a_408(impatient_url: str) -> None:
    for headers in (b"Content-Length: 100", b"Content-Length: 100000"):
        start = b"POST /api/projects/hash HTTP/1.1\r\nHost: x\r\n"
        answer = await raw(impatient_url, start + headers + b"\r\n\r\nx", b"}")
        assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("path", ["halfway", "halfway?length", "stall"])
async def test_a_response_that_breaks_off_does_not_look_whole(impatient: httpx.AsyncClient, path: str) -> None:
    with capture_logs() as logs, pytest.raises(httpx.RemoteProtocolError):
        await impatient.get(f"/api/projects/{path}")
    assert [each["upstream"] for each in logs if each["event"] == "forwarding failed"] == ["projects"]


async def test_many_requests_at_once_share_connections(gateway: httpx.AsyncClient, person: Person) -> None:
    answers = await asyncio.gather(
        *(gateway.get(f"/api/projects/{number}", headers=person.headers) for number in range(50))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["path"] for answer in answers] == [f"/api/projects/{number}" for number in range(50)]
