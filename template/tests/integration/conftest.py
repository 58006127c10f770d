"""The whole application, each service a process, behind one gateway."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

from auth.settings import AuthSettings
from tests.conftest import SIGNING_KEY
from tests.support.processes import Process, running
from tests.support.serving import free_port


@pytest.fixture(scope="session")
def environment(auth_settings: AuthSettings) -> dict[str, str]:
    """The settings of all services but their addresses."""
    return {
        "APP_NAME": "Test",
        "ENVIRONMENT": "development",
        "DATABASE_URL": auth_settings.database_url.get_secret_value(),
        "REDIS_URL": auth_settings.redis_url.get_secret_value(),
        "REDIS_PREFIX": auth_settings.redis_prefix,
        "AUTH_SIGNING_KEY": SIGNING_KEY,
        "ARGON2_MEMORY_KIB": "8",
        "ARGON2_ROUNDS": "1",
        "UPSTREAM_TIMEOUT": "1",
    }


@dataclass(frozen=True)
class Stack:
    """The running application."""

    auth: Process
    projects: Process
    gateway: Process


@pytest.fixture(scope="session")
def addresses(environment: dict[str, str]) -> dict[str, str]:
    """The settings, with addresses on free ports."""
    auth, projects = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    return {**environment, "AUTH_URL": auth, "PROJECTS_URL": projects, "JWKS_URL": f"{auth}/.well-known/jwks.json"}


@pytest.fixture(scope="session")
def stack(addresses: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The application, ready."""
    folder = tmp_path_factory.mktemp("stack")
    ports = {
        "auth": int(addresses["AUTH_URL"].rpartition(":")[2]),
        "projects": int(addresses["PROJECTS_URL"].rpartition(":")[2]),
        "gateway": free_port(),
    }
    with ExitStack() as started:
        processes = {
            name: started.enter_context(running(name, port, addresses, folder)) for name, port in ports.items()
        }
        for name in ("auth", "projects"):
            processes[name].await_ready()
        processes["gateway"].await_ready("/health/detailed")
        yield Stack(**processes)


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    async with httpx.AsyncClient(base_url=stack.gateway.url) as client:
        yield client
