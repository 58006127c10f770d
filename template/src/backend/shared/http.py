"""HTTP client for calls between services."""

from datetime import timedelta
from urllib.parse import urlsplit

from pyreqwest.client import Client, ClientBuilder

from shared import tracing
from shared.request_id import current_request_id

CONNECT_TIMEOUT = timedelta(seconds=2)
# Servers close a connection that is idle, or whose request header is incomplete, after this time.
KEEP_ALIVE = timedelta(seconds=20)
# Clients close it earlier, so that they never send a request on a connection that the server is closing.
CLIENT_KEEP_ALIVE = KEEP_ALIVE - timedelta(seconds=5)


def create_client(read_timeout: timedelta = timedelta(seconds=30), idle_connections: int = 32) -> Client:
    """Create a client with a connection pool and without redirects, cookies, decompression and proxies.

    `read_timeout` applies to the start of a response and to each following part; `idle_connections` is per host.
    """
    return (
        ClientBuilder()
        .no_proxy()
        .follow_redirects(False)
        .referer(False)
        .gzip(False)
        .brotli(False)
        .zstd(False)
        .deflate(False)
        .http1_lower_case_headers()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(read_timeout)
        .pool_idle_timeout(CLIENT_KEEP_ALIVE)
        .pool_max_idle_per_host(idle_connections)
        .build()
    )


async def get_bytes(client: Client, url: str, limit: timedelta, *, raise_for_status: bool = True) -> tuple[int, bytes]:
    """Send GET with the current request ID; returns status and body. Raises on an error status, unless disabled."""
    request = client.get(url).timeout(limit).error_for_status(raise_for_status)
    if request_id := current_request_id():
        request = request.header("x-request-id", request_id)
    attributes = {"http.request.method": "GET", "server.address": urlsplit(url).hostname or ""}
    with tracing.span("GET", attributes) as span:
        if header := tracing.header_of(span):
            request = request.header("traceparent", header)
        response = await request.build().send()
        return response.status, (await response.bytes()).to_bytes()
