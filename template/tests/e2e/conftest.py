"""A running application, of which nothing is known but the address of its gateway.

It is the one at APPLICATION_URL, as `nox -s e2e -- URL` sets it, with whatever data it has; else it is started here.
"""

import os
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.application import Stack
from tests.support.people import Person, join

# More than the application's own time limits, so that its answers are seen and not ours.
TIMEOUT_SECONDS = 60


@pytest.fixture(scope="session")
def gateway_url(request: pytest.FixtureRequest) -> str:
    """Where the gateway answers."""
    if given := os.environ.get("APPLICATION_URL"):
        return given
    stack: Stack = request.getfixturevalue("stack")
    return stack["gateway"].url


@pytest.fixture
async def client(gateway_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    async with httpx.AsyncClient(base_url=gateway_url, timeout=TIMEOUT_SECONDS) as client:
        yield client


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> Person:
    """A new user who is logged in."""
    return await join(client)


@pytest.fixture
async def grace(client: httpx.AsyncClient) -> Person:
    """Another one."""
    return await join(client)
