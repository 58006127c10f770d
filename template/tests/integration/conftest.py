"""Clients of the whole application, and settings for a part of it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.application import SERVICES, Stack, with_addresses
from tests.support.serving import TIMEOUT_SECONDS, free_port


@pytest.fixture(scope="session")
def addresses(environment: dict[str, str], auth_url: str) -> dict[str, str]:
    """The settings, with the address of an auth service that runs already, and of others that do not."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    return with_addresses(environment, {**dict.fromkeys(SERVICES, nowhere), "auth": auth_url})


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    async with httpx.AsyncClient(base_url=stack["gateway"].url, timeout=TIMEOUT_SECONDS) as client:
        yield client
