"""Real servers for a run, a database for each worker, and the services on top of them."""

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from auth.app import create_app as create_auth
from auth.settings import AuthSettings
from projects.app import create_app as create_projects
from projects.settings import ProjectsSettings
from tests.support.application import Stack, whole
from tests.support.people import Person, join
from tests.support.serving import TIMEOUT_SECONDS, serving
from tests.support.stores import Stores, clone, template

SIGNING_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode("ascii")
RUN = pytest.StashKey[ExitStack]()
STORES = pytest.StashKey[Stores]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the servers before the first worker of a parallel run, and tell each worker where they are."""
    node.workerinput["stores"] = run_stores(node.config).as_dict()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers in the process that started them."""
    if RUN in config.stash:
        config.stash[RUN].close()


def run_stores(config: pytest.Config) -> Stores:
    """The run's stores, started when first asked for."""
    if STORES not in config.stash:
        stack = config.stash[RUN] = ExitStack()
        config.stash[STORES] = stack.enter_context(template())
    return config.stash[STORES]


@pytest.fixture(scope="session")
def stores(request: pytest.FixtureRequest, worker_id: str) -> Iterator[Stores]:
    """This worker's database and Redis keys."""
    given: dict[str, dict[str, str]] = getattr(request.config, "workerinput", {})
    run = Stores(**given["stores"]) if given else run_stores(request.config)
    with clone(run, worker_id) as own:
        yield own


@pytest.fixture(scope="session")
def common(stores: Stores) -> dict[str, Any]:
    """Settings that all services share."""
    return {
        "app_name": "Test",
        "environment": "development",
        "database_url": stores.database_url,
        "redis_url": stores.redis_url,
        "redis_prefix": stores.redis_prefix,
    }


@pytest.fixture(scope="session")
def auth_settings(common: dict[str, Any]) -> AuthSettings:
    """The auth service's settings, with passwords that hash quickly."""
    return AuthSettings(**common, auth_signing_key=SIGNING_KEY, argon2_memory_kib=8, argon2_rounds=1)


@pytest.fixture(scope="session")
async def auth_url(auth_settings: AuthSettings) -> AsyncIterator[str]:
    """Where the auth service answers."""
    async with serving(create_auth(auth_settings)) as url:
        yield url


@pytest.fixture(scope="session")
async def auth(auth_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the auth service."""
    async with httpx.AsyncClient(base_url=auth_url, timeout=TIMEOUT_SECONDS) as client:
        yield client


@pytest.fixture(scope="session")
def projects_settings(common: dict[str, Any], auth_url: str) -> ProjectsSettings:
    """The projects service's settings."""
    return ProjectsSettings(**common, jwks_url=f"{auth_url}/.well-known/jwks.json")


@pytest.fixture(scope="session")
async def projects(projects_settings: ProjectsSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the projects service."""
    async with (
        serving(create_projects(projects_settings)) as url,
        httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS) as client,
    ):
        yield client


@pytest.fixture
async def person(auth: httpx.AsyncClient) -> Person:
    """Somebody who is logged in."""
    return await join(auth)


@pytest.fixture
async def other(auth: httpx.AsyncClient) -> Person:
    """Somebody else."""
    return await join(auth)


@pytest.fixture(scope="session")
def environment(auth_settings: AuthSettings) -> dict[str, str]:
    """The settings of services that run as processes, all but their addresses."""
    return {
        "APP_NAME": "Test",
        "ENVIRONMENT": "development",
        "DATABASE_URL": auth_settings.database_url.get_secret_value(),
        "REDIS_URL": auth_settings.redis_url.get_secret_value(),
        "REDIS_PREFIX": auth_settings.redis_prefix,
        "AUTH_SIGNING_KEY": SIGNING_KEY,
        "ARGON2_MEMORY_KIB": "8",
        "ARGON2_ROUNDS": "1",
        "UPSTREAM_TIMEOUT": "8",
    }


@pytest.fixture(scope="session")
def stack(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The application as processes, ready."""
    with whole(environment, tmp_path_factory.mktemp("stack")) as running:
        yield running
