"""The HTTP client for calls from service to service."""

from datetime import timedelta

from pyreqwest.client import Client, ClientBuilder

from shared.request_id import current_request_id

CONNECT_TIMEOUT = timedelta(seconds=2)


def create_client(read_timeout: timedelta = timedelta(seconds=30), idle_connections: int = 32) -> Client:
    """A pooled client that adds nothing of its own: no redirects, cookies, decompression or proxies.

    It waits so long for the start of an answer, and for each part of one, and keeps so many idle connections to a host.
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
        .pool_max_idle_per_host(idle_connections)
        .build()
    )


async def get_bytes(client: Client, url: str, limit: timedelta, *, check: bool = True) -> tuple[int, bytes]:
    """Status and body of a GET that carries the current request's ID; `check` raises for an error status."""
    request = client.get(url).timeout(limit).error_for_status(check)
    if request_id := current_request_id():
        request = request.header("x-request-id", request_id)
    response = await request.build().send()
    return response.status, (await response.bytes()).to_bytes()
