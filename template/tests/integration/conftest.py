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
def addresses(environment: dict[str, str], auth_url: str) -> dict[str, str]:
    """The settings, with the address of an auth service that runs already, and of a projects service that does not."""
    return with_addresses(environment, auth_url, f"http://127.0.0.1:{free_port()}")


def with_addresses(environment: dict[str, str], auth: str, projects: str) -> dict[str, str]:
    """The settings, with addresses."""
    return {**environment, "AUTH_URL": auth, "PROJECTS_URL": projects, "JWKS_URL": f"{auth}/.well-known/jwks.json"}


@pytest.fixture(scope="session")
def stack(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The application, ready."""
    folder = tmp_path_factory.mktemp("stack")
    ports = {name: free_port() for name in ("auth", "projects", "gateway")}
    urls = [f"http://127.0.0.1:{ports[name]}" for name in ("auth", "projects")]
    settings = with_addresses(environment, *urls)
    with ExitStack() as started:
        processes = {name: started.enter_context(running(name, port, settings, folder)) for name, port in ports.items()}
        for name in ("auth", "projects"):
            processes[name].await_ready()
        processes["gateway"].await_ready("/health/detailed")
        yield Stack(**processes)


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the gateway."""
    async with httpx.AsyncClient(base_url=stack.gateway.url) as client:
        yield client
