import json

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.app import SECURITY_HEADERS, create_app
from gateway.settings import GatewaySettings
from shared.http import CLIENT_KEEP_ALIVE, KEEP_ALIVE
from shared.metrics import Metrics
from shared.middleware import RequestMiddleware
from tests.gateway.test_proxy import headers_of, raw
from tests.support.clients import SETTINGS, client_of
from tests.support.upstream import Upstream, respond

ECHO = "/api/projects/echo"


def request(*headers: bytes, path: str = ECHO, version: str = "1.1") -> bytes:
    """A GET request with these header lines, after which the connection is closed."""
    lines = [f"GET {path} HTTP/{version}".encode(), b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def parse(response: bytes) -> httpx.Response:
    """The parsed response, without its framing."""
    head, _, body = response.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    pairs = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    kept = [pair for pair in pairs if pair[0] != b"transfer-encoding"]
    return httpx.Response(int(status.split(b" ")[1]), headers=kept, content=body)


@pytest.mark.parametrize(
    "hosts",
    [[], [b""], [b"a", b"b"], [b"a", b"a"], [b"a b"], [b"a b/c@d"], [b"a/b"], [b"u@a"], [b"a:b"], [b"[::1"]],
)
@pytest.mark.parametrize("path", [ECHO, "/health"])
async def test_request_without_one_valid_host_is_rejected(
    gateway_url: str, upstream: Upstream, hosts: list[bytes], path: str
) -> None:
    response = parse(await raw(gateway_url, request(*(b"Host: " + each for each in hosts), path=path)))
    assert (response.status_code, upstream.requests) == (400, 0)
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("host", ["example.org", "example.org:8000", "127.0.0.1:", "[::1]:80", "xn--e1afmkfd.example"])
async def test_valid_host_is_forwarded(gateway_url: str, host: str) -> None:
    received = parse(await raw(gateway_url, request(f"Host: {host}".encode()))).json()
    assert headers_of(received)["x-forwarded-host"] == host


async def test_http_1_0_needs_no_host(gateway_url: str) -> None:
    received = parse(await raw(gateway_url, request(version="1.0"))).json()
    assert headers_of(received)["via"] == "1.0 gateway"


async def test_via_is_added_to_requests_and_responses(gateway: httpx.AsyncClient) -> None:
    response = await gateway.get(ECHO, headers={"Via": "1.0 fred"})
    assert [value for name, value in response.json()["headers"] if name == "via"] == ["1.0 fred", "1.1 gateway"]
    assert response.headers["via"] == "1.1 gateway"
    assert "via" not in (await gateway.get("/health")).headers


@pytest.mark.parametrize("named", ["x-forwarded-host", "x-forwarded-for", "x-forwarded-proto", "x-request-id", "via"])
async def test_connection_header_does_not_remove_headers_of_the_gateway(gateway_url: str, named: str) -> None:
    response = await raw(gateway_url, request(b"Host: shop.example.org", f"Connection: {named}".encode()))
    assert headers_of(parse(response).json())[named]


async def test_utf_8_headers_and_query_are_forwarded_unchanged(gateway_url: str) -> None:
    response = parse(await raw(gateway_url, request(b"Host: a", b"X-Text: \xc3\xa9\xe2\x82\xac")))
    # The fake service returns the bytes as Latin-1.
    assert headers_of(response.json())["x-text"].encode("latin-1") == b"\xc3\xa9\xe2\x82\xac"


async def test_request_with_bytes_that_are_not_utf_8_is_rejected(gateway_url: str, upstream: Upstream) -> None:
    response = parse(await raw(gateway_url, request(b"Host: a", b"X-Text: \xe9")))
    assert (response.status_code, upstream.requests) == (400, 0)
    assert "UTF-8" in response.json()["detail"]


async def test_response_header_that_is_not_ascii_is_dropped_with_a_warning(gateway: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await gateway.get("/api/projects/latin")
    assert (response.status_code, response.headers.get("x-plain"), response.headers.get("x-text")) == (200, "yes", None)
    [warning] = [each for each in logs if each["log_level"] == "warning"]
    assert (warning["event"], warning["name"]) == ("response header dropped", "x-text")


async def test_security_headers_are_added_to_every_response(gateway: httpx.AsyncClient) -> None:
    expected = {name.decode(): value.decode() for name, value in SECURITY_HEADERS}
    for path in (ECHO, "/health", "/nowhere", "/api/projects/%2e%2e/x", "/openapi.json"):
        response = await gateway.get(path)
        assert {name: response.headers[name] for name in expected} == expected, path
        assert "strict-transport-security" not in response.headers


async def test_security_headers_of_the_service_are_kept(gateway: httpx.AsyncClient) -> None:
    cached = await gateway.get("/api/projects/cached")
    assert cached.headers.get_list("cache-control") == ["public, max-age=60"]
    docs = await gateway.get("/docs")
    assert docs.headers.get_list("content-security-policy")[0].startswith("default-src 'self'")


async def test_strict_transport_security_is_sent_to_clients_that_use_https() -> None:
    inner = RequestMiddleware(
        lambda _scope, _receive, send: respond(send, 200, b""), Metrics("gateway", SETTINGS), SECURITY_HEADERS
    )
    async with client_of(lambda scope, *others: inner({**scope, "scheme": "https"}, *others)) as client:
        assert (await client.get("/")).headers["strict-transport-security"] == "max-age=31536000"


async def test_query_reaches_no_log(unavailable_settings: GatewaySettings, short_timeout: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        async with client_of(create_app(unavailable_settings)) as gateway:
            assert (await gateway.get("/api/projects?token=hunter2")).status_code == 502
        assert (await short_timeout.get("/api/projects/never?token=hunter2")).status_code == 504
    assert len([each for each in logs if each["event"] == "forwarding failed"]) == 2
    assert "hunter2" not in json.dumps(logs, default=str)


async def test_mistake_of_a_client_is_not_logged_as_an_error(gateway_url: str) -> None:
    long = f"/api/projects/{'a' * 60_000}"
    with capture_logs() as logs:
        statuses = [
            parse(await raw(gateway_url, each)).status_code
            for each in (
                request(b"Host: a", path=long),
                request(b"Host: a", b"X-Text: \xe9"),
                b"POST /api/projects/hash HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            )
        ]
    assert statuses == [200, 400, 400]
    assert {each["log_level"] for each in logs} == {"info"}
    assert max(len(each.get("path", "")) for each in logs) == 200


def test_pooled_connections_are_closed_before_the_service_closes_them() -> None:
    # The service closes an idle connection after KEEP_ALIVE.
    assert CLIENT_KEEP_ALIVE < KEEP_ALIVE
