"""A gateway in front of the real auth service, and of a fake projects service."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from gateway.app import create_app
from gateway.routes import Route
from gateway.settings import GatewaySettings
from tests.support.application import NO_LIMIT, gateway_urls
from tests.support.clients import http_client
from tests.support.serving import TIMEOUT_SECONDS, free_port, serve
from tests.support.upstream import Upstream

MAX_UPLOAD = 16 * 1024 * 1024
ORIGIN = "http://app.example.org"


class UpstreamServer:
    """Passes requests to the upstream of the current test, so that tests can share the server and the gateway."""

    upstream: Upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.upstream(scope, receive, send)


@pytest.fixture(scope="session")
async def upstream_server() -> AsyncIterator[tuple[UpstreamServer, str]]:
    """The server of the fake projects service, and its URL."""
    server = UpstreamServer()
    server.upstream = Upstream()
    async with serve(server) as url:
        yield server, url


@pytest.fixture(scope="session")
def upstream_url(upstream_server: tuple[UpstreamServer, str]) -> str:
    """The URL of the fake projects service."""
    return upstream_server[1]


@pytest.fixture(autouse=True)
async def upstream(upstream_server: tuple[UpstreamServer, str]) -> Upstream:
    """The fake projects service of this test."""
    upstream_server[0].upstream = Upstream()
    return upstream_server[0].upstream


@pytest.fixture(scope="session")
def gateway_settings(common: dict[str, Any], auth_url: str, upstream_url: str) -> GatewaySettings:
    """Settings of a gateway with the same timeout as its clients in these tests."""
    return GatewaySettings(
        **common,
        **gateway_urls(auth_url, projects=upstream_url),
        rate_limit_credentials=NO_LIMIT,
        upstream_timeout=TIMEOUT_SECONDS,
        cors_origins=[ORIGIN],
    )


@pytest.fixture(scope="session")
async def gateway_url(gateway_settings: GatewaySettings) -> AsyncIterator[str]:
    """The URL of the gateway, which has a route for large uploads to the fake projects service."""
    uploads = Route("/api/uploads", "projects", gateway_settings.projects_url, verify_tokens=False, max_body=MAX_UPLOAD)
    async with serve(create_app(gateway_settings, [uploads])) as url:
        yield url


@pytest.fixture
async def gateway(gateway_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    async with http_client(gateway_url) as client:
        yield client


@pytest.fixture(scope="session")
async def short_timeout_url(gateway_settings: GatewaySettings) -> AsyncIterator[str]:
    """The URL of a gateway with a timeout of one second."""
    async with serve(create_app(gateway_settings.model_copy(update={"upstream_timeout": 1}))) as url:
        yield url


@pytest.fixture
async def short_timeout(short_timeout_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway with a timeout of one second."""
    async with http_client(short_timeout_url) as client:
        yield client


@pytest.fixture
def unavailable_settings(gateway_settings: GatewaySettings) -> GatewaySettings:
    """Settings of a gateway none of whose services is running."""
    return gateway_settings.model_copy(update=gateway_urls(f"http://127.0.0.1:{free_port()}"))
