"""A gateway in front of the real auth service and a stand-in for projects."""

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.support.serving import TIMEOUT_SECONDS, free_port, serving
from tests.support.upstream import Upstream

ORIGIN = "http://app.example.org"


@pytest.fixture
async def upstream() -> Upstream:
    """What stands in for the projects service."""
    return Upstream()


@pytest.fixture
async def upstream_url(upstream: Upstream) -> AsyncIterator[str]:
    """Where it answers."""
    async with serving(upstream) as url:
        yield url


@pytest.fixture
def gateway_settings(auth_url: str, upstream_url: str) -> GatewaySettings:
    """Settings of a gateway that is as patient as its clients here."""
    return GatewaySettings(
        app_name="Test",
        environment="development",
        auth_url=auth_url,
        projects_url=upstream_url,
        jwks_url=f"{auth_url}/.well-known/jwks.json",
        upstream_timeout=TIMEOUT_SECONDS,
        cors_origins=[ORIGIN],
    )


@pytest.fixture
async def gateway_url(gateway_settings: GatewaySettings) -> AsyncIterator[str]:
    """Where the gateway answers."""
    async with serving(create_app(gateway_settings)) as url:
        yield url


@pytest.fixture
async def gateway(gateway_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    async with httpx.AsyncClient(base_url=gateway_url, timeout=TIMEOUT_SECONDS) as client:
        yield client


@pytest.fixture
async def impatient_url(gateway_settings: GatewaySettings) -> AsyncIterator[str]:
    """Where a gateway answers that waits for nobody longer than a second."""
    async with serving(create_app(gateway_settings.model_copy(update={"upstream_timeout": 1}))) as url:
        yield url


@pytest.fixture
async def impatient(impatient_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that one."""
    async with httpx.AsyncClient(base_url=impatient_url, timeout=TIMEOUT_SECONDS) as client:
        yield client


@pytest.fixture
def dead_settings(gateway_settings: GatewaySettings) -> GatewaySettings:
    """Settings of a gateway none of whose services run."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    return gateway_settings.model_copy(
        update={"auth_url": nowhere, "projects_url": nowhere, "jwks_url": f"{nowhere}/.well-known/jwks.json"}
    )
