import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.support.clients import client_of, problem_of
from tests.support.serving import TIMEOUT_SECONDS, start_request, wait_until
from tests.support.upstream import Upstream
from tests.support.users import User

BIG = 8 * 1024 * 1024


async def parts(size: int, count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number % 256]) * size


async def raw(gateway_url: str, request: bytes, end: bytes | None = None) -> bytes:
    """Send raw bytes; returns the response up to `end`, or until the connection is closed."""
    host, _, port = gateway_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    response = await asyncio.wait_for(reader.readuntil(end) if end else reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    return response


def request_line(path: str, method: str = "GET") -> bytes:
    """A request after which the connection is closed."""
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


def statuses(logs: list[Any], path: str) -> list[int]:
    """The logged statuses of the requests to a path; requests of earlier tests may be logged late."""
    return [each["status"] for each in logs if each["event"] == "request" and each["path"] == path]


def headers_of(echoed: Any) -> dict[str, str]:
    return dict(echoed["headers"])


async def test_method_path_query_and_body_are_forwarded_unchanged(gateway: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        path = "/api/projects/a%2Fb/%C3%A9%20x?q=%2e%2e/&empty=&q=1+2"
        received = (await gateway.request(method, path, content=b"body" if method != "GET" else None)).json()
        assert received["method"] == method
        assert f"{received['path']}?{received['query']}" == path
        assert received["body"] == ("body" if method != "GET" else "")


async def test_query_is_forwarded_unchanged(gateway_url: str) -> None:
    query = "q=|{}[]^`\\~!$&*();:@,?/%2%zz"
    response = await raw(gateway_url, request_line(f"/api/projects/echo?{query}'é"))
    # pyreqwest encodes an apostrophe, and letters other than ASCII.
    assert json.loads(response.partition(b"\r\n\r\n")[2])["query"] == f"{query}%27%C3%A9"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        *((request_line(f"/api/projects/echo?q={character}"), 400) for character in '"<> \x7f'),
        (request_line("/api/projects/echo?q=e").replace(b"q=e", b"q=\xe9"), 400),
        (request_line("/api/projects/echo", "G@T"), 400),
        (request_line("/api/projects/echo").replace(b"Host:", b"Host :"), 400),
        (request_line(f"/api/projects/{'a' * 70_000}"), 414),
        (request_line("/api/projects/echo").replace(b"Host: x\r\n", b"Host: x\r\n" * 200), 431),
    ],
)
async def test_request_that_is_not_valid_http_is_rejected_by_the_server(
    gateway_url: str, upstream: Upstream, request_bytes: bytes, status: int
) -> None:
    # Granian's HTTP library responds without a body, before the application is called.
    head, _, body = (await raw(gateway_url, request_bytes)).partition(b"\r\n\r\n")
    assert (int(head.split(b" ", 2)[1]), body) == (status, b"")
    assert b"\r\nconnection: close" in head
    assert upstream.requests == 0


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
async def test_ambiguous_path_is_rejected(gateway_url: str, upstream: Upstream, path: str) -> None:
    response = await raw(gateway_url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert response.split(b" ", 2)[1] in {b"400", b"404"}
    assert upstream.requests == 0


@pytest.mark.parametrize("path", ["/api/projectsx", "/api/%70rojects", "//api/projects", "/api", "/API/projects"])
async def test_path_that_only_resembles_a_prefix_is_not_forwarded(gateway: httpx.AsyncClient, path: str) -> None:
    assert (await gateway.get(path)).status_code == 404


async def test_dots_within_a_segment_are_forwarded(gateway: httpx.AsyncClient) -> None:
    assert (await gateway.get("/api/projects/..a/b..%2e/...")).json()["path"] == "/api/projects/..a/b..%2e/..."


async def test_hop_by_hop_headers_are_not_forwarded(gateway_url: str) -> None:
    response = await raw(
        gateway_url,
        b"GET /api/projects/echo HTTP/1.1\r\nHost: shop.example.org\r\nConnection: close, X-Secret\r\n"
        b"X-Secret: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nUpgrade: websocket\r\nProxy-Authorization: x\r\n"
        b"X-Kept: 1\r\nAccept: a\r\nAccept: b\r\n\r\n",
    )
    echoed = httpx.Response(200, content=response.partition(b"\r\n\r\n")[2]).json()
    names = {name for name, _ in echoed["headers"]}
    assert not names & {"x-secret", "keep-alive", "te", "upgrade", "proxy-authorization", "connection"}
    assert ["x-kept", "1"] in echoed["headers"]
    assert [value for name, value in echoed["headers"] if name == "accept"] == ["a", "b"]


async def test_forwarding_headers_of_the_client_are_replaced(gateway: httpx.AsyncClient, upstream_url: str) -> None:
    forged = {
        "Forwarded": "for=1.2.3.4",
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Host": "evil.example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-IP": "1.2.3.4",
        "Host": "shop.example.org",
    }
    received = headers_of((await gateway.get("/api/projects/echo", headers=forged)).json())
    assert received["x-forwarded-for"] == "127.0.0.1"
    assert received["x-forwarded-proto"] == "http"
    assert received["x-forwarded-host"] == "shop.example.org"
    assert received["host"] == upstream_url.removeprefix("http://")
    assert not {"forwarded", "x-forwarded-prefix", "x-real-ip"} & set(received)


async def test_response_headers_are_returned_except_hop_by_hop(gateway: httpx.AsyncClient) -> None:
    response = await gateway.get("/api/projects/headers", headers={"X-Request-ID": "the-right-one"})
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert response.headers["x-end"] == "2"
    assert response.headers.get_list("x-request-id") == ["the-right-one"]
    assert len(response.headers.get_list("date")) == 1
    assert len(response.headers.get_list("server")) == 1
    assert not {"x-hop", "keep-alive"} & set(response.headers)


async def test_request_id_is_forwarded(gateway: httpx.AsyncClient) -> None:
    response = await gateway.get("/api/projects/echo", headers={"X-Request-ID": "abcdefgh-12345"})
    assert headers_of(response.json())["x-request-id"] == "abcdefgh-12345"
    generated = await gateway.get("/api/projects/echo", headers={"X-Request-ID": "bad id"})
    assert headers_of(generated.json())["x-request-id"] == generated.headers["x-request-id"] != "bad id"


async def test_redirects_and_cookies_are_not_followed(gateway: httpx.AsyncClient) -> None:
    response = await gateway.get("/api/projects/redirect")
    assert response.status_code == 307
    assert response.headers["location"] == "http://example.org/elsewhere"
    gateway.cookies.clear()
    assert "cookie" not in headers_of((await gateway.get("/api/projects/echo")).json())


async def test_compressed_body_is_not_decompressed(gateway: httpx.AsyncClient) -> None:
    async with gateway.stream("GET", "/api/projects/gzip") as response:
        body = b"".join([part async for part in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    assert body == b"\x1f\x8bnot really"


async def test_no_headers_are_added_to_a_request(gateway_url: str) -> None:
    response = await raw(gateway_url, b"GET /api/projects/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    echoed = httpx.Response(200, content=response.partition(b"\r\n\r\n")[2]).json()
    ours = {"via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "host"}
    assert set(headers_of(echoed)) - ours <= {"accept", "user-agent"}


async def test_responses_without_a_body(gateway: httpx.AsyncClient) -> None:
    head = await gateway.head("/api/projects/empty")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "1000", b"")
    empty = await gateway.get("/api/projects/empty")
    assert (empty.status_code, empty.content) == (204, b"")


@pytest.mark.parametrize("announced", [True, False])
async def test_large_upload_is_complete(gateway: httpx.AsyncClient, announced: bool) -> None:
    size, count = 64 * 1024, BIG // (64 * 1024)
    headers = {"Content-Length": str(BIG)} if announced else {}
    response = await gateway.post("/api/uploads/hash", content=parts(size, count), headers=headers)
    expected = hashlib.sha256(b"".join([part async for part in parts(size, count)])).hexdigest()
    assert response.json() == {"length": BIG, "sha256": expected}


async def test_upload_is_streamed(gateway: httpx.AsyncClient, upstream: Upstream) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.wait_for(upstream.reached.wait(), TIMEOUT_SECONDS)
        yield b"y"

    response = await gateway.post("/api/projects/echo", content=body())
    assert response.json()["body"] == "xy"


async def test_early_response_is_returned_before_the_upload_ends(gateway_url: str) -> None:
    start = b"POST /api/projects/early HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    assert (await raw(gateway_url, start + b"x", b"}")).startswith(b"HTTP/1.1 413 ")


async def test_client_that_reads_after_sending_gets_an_early_response(gateway: httpx.AsyncClient) -> None:
    for _ in range(20):
        assert (await gateway.post("/api/projects/early", content=parts(64 * 1024, 20))).status_code == 413


async def test_response_headers_are_sent_before_the_first_event(gateway: httpx.AsyncClient, upstream: Upstream) -> None:
    async with gateway.stream("GET", "/api/projects/late-events") as response:
        assert response.headers["content-type"] == "text/event-stream"
        upstream.proceed.set()
        assert await anext(response.aiter_raw()) == b"data: late\n\n"


async def test_events_are_streamed(gateway: httpx.AsyncClient, upstream: Upstream) -> None:
    async with gateway.stream("GET", "/api/projects/events") as response:
        received = response.aiter_raw()
        assert await anext(received) == b"data: one\n\n"
        upstream.proceed.set()
        assert await anext(received) == b"data: two\n\n"
    assert response.headers["content-type"] == "text/event-stream"


async def test_event_stream_may_be_silent_for_longer_than_the_timeout(
    short_timeout: httpx.AsyncClient, upstream: Upstream
) -> None:
    headers = {"Accept": "text/event-stream"}
    async with short_timeout.stream("GET", "/api/projects/events", headers=headers) as response:
        received = response.aiter_raw()
        assert await anext(received) == b"data: one\n\n"
        asyncio.get_running_loop().call_later(1.5, upstream.proceed.set)
        assert await anext(received) == b"data: two\n\n"
    assert response.headers["cache-control"] == "no-store"


async def test_client_disconnect_cancels_the_upstream_request(
    short_timeout: httpx.AsyncClient, upstream: Upstream
) -> None:
    with capture_logs() as logs:
        request = asyncio.create_task(short_timeout.get("/api/projects/never"))
        await asyncio.wait_for(upstream.reached.wait(), TIMEOUT_SECONDS)
        request.cancel()
        await wait_until(lambda: statuses(logs, "/api/projects/never") == [499])
    # This takes until the timeout of the gateway: see Clients.
    await asyncio.wait_for(upstream.cancelled.wait(), TIMEOUT_SECONDS)


async def test_client_disconnect_cancels_an_event_stream(gateway_settings: GatewaySettings, upstream: Upstream) -> None:
    long_timeout = gateway_settings.model_copy(update={"upstream_timeout": 2 * TIMEOUT_SECONDS})
    async with client_of(create_app(long_timeout)) as gateway:
        async with gateway.stream("GET", "/api/projects/stall") as response:
            assert await anext(response.aiter_raw()) == b"half"
        await asyncio.wait_for(upstream.cancelled.wait(), TIMEOUT_SECONDS)


async def test_client_disconnect_during_an_upload(gateway_url: str, gateway: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        for length in (100, 100_000, None):
            _, writer = await start_request(gateway_url, "/api/projects/hash", length)
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        await wait_until(lambda: statuses(logs, "/api/projects/hash") == [400] * 3)
    assert (await gateway.get("/api/projects/echo")).status_code == 200


async def test_slow_service_is_a_504(short_timeout: httpx.AsyncClient, upstream: Upstream) -> None:
    response = await short_timeout.get("/api/projects/never")
    assert problem_of(response) == (504, "The projects service did not respond in time")
    assert response.headers["x-request-id"]
    await asyncio.wait_for(upstream.cancelled.wait(), TIMEOUT_SECONDS)


async def test_slow_client_is_a_408(short_timeout_url: str) -> None:
    requests = [
        f"POST /api/projects/hash HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nx".encode()
        for length in (100, 100_000)
    ]
    responses = await asyncio.gather(*(raw(short_timeout_url, request, b"}") for request in requests))
    assert all(response.startswith(b"HTTP/1.1 408 ") for response in responses)


@pytest.mark.parametrize("path", ["halfway", "halfway?length", "stall"])
async def test_aborted_response_is_visibly_incomplete(short_timeout: httpx.AsyncClient, path: str) -> None:
    with capture_logs() as logs, pytest.raises(httpx.RemoteProtocolError):
        await short_timeout.get(f"/api/projects/{path}")
    assert [each["upstream"] for each in logs if each["event"] == "forwarding failed"] == ["projects"]


async def test_concurrent_requests_are_forwarded(gateway: httpx.AsyncClient, user: User) -> None:
    responses = await asyncio.gather(
        *(gateway.get(f"/api/projects/{number}", headers=user.headers) for number in range(50))
    )
    assert {response.status_code for response in responses} == {200}
    assert [response.json()["path"] for response in responses] == [f"/api/projects/{number}" for number in range(50)]
