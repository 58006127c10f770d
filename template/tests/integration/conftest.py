"""Clients of the whole application, and settings of single services."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.application import ROUTED, Application, with_urls
from tests.support.clients import http_client
from tests.support.serving import free_port


@pytest.fixture(scope="session")
def settings(environment: dict[str, str], auth_url: str) -> dict[str, str]:
    """The settings of a service; only the auth service is running at its URL."""
    unused = f"http://127.0.0.1:{free_port()}"
    return with_urls(environment, {**dict.fromkeys(ROUTED, unused), "auth": auth_url})


@pytest.fixture
async def client(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    async with http_client(application["gateway"].url) as client:
        yield client
