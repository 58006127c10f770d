"""Fixtures of end-to-end tests, which use only the gateway of a running application.

That is the application at APPLICATION_URL, which `nox -s e2e -- URL` sets and which may have data, or else a new one.
"""

import os
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.application import Application
from tests.support.clients import http_client
from tests.support.users import User, create_user

# More than the timeouts of the application, so that tests get its error responses.
TIMEOUT_SECONDS = 60


@pytest.fixture(scope="session")
def gateway_url(request: pytest.FixtureRequest) -> str:
    """The URL of the gateway."""
    if given := os.environ.get("APPLICATION_URL"):
        return given
    application: Application = request.getfixturevalue("application")
    return application["gateway"].url


@pytest.fixture
async def client(gateway_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    async with http_client(gateway_url, timeout=TIMEOUT_SECONDS) as client:
        yield client


@pytest.fixture
async def user(client: httpx.AsyncClient) -> User:
    """A new user who is logged in."""
    return await create_user(client)


@pytest.fixture
async def other_user(client: httpx.AsyncClient) -> User:
    """Another new user who is logged in."""
    return await create_user(client)
