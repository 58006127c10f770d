"""Fixtures: real servers per run, a database per worker, and the services."""

import base64
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from auth.app import create_app as create_auth
from auth.settings import AuthSettings
from projects.app import create_app as create_projects
from projects.settings import ProjectsSettings
from shared import tracing
from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.servers.group import Group
from tasks.servers.valkey import Valkey
from tests.support.application import NO_LIMIT, Application, run_application
from tests.support.clients import SETTINGS, http_client
from tests.support.mailing import mailing
from tests.support.receiver import Receiver, running_receiver
from tests.support.serving import serve
from tests.support.stores import PRIMARY, Stores, clone, template
from tests.support.users import User, create_user

SIGNING_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode("ascii")
RUN = pytest.StashKey[ExitStack]()
STORES = pytest.StashKey[Stores]()
# The tests that use the fixture `application`.
APPLICATION_TESTS = ("tests/e2e/", "tests/integration/test_application.py", "tests/integration/test_api.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Distribute tests to workers, but run all APPLICATION_TESTS on one worker, so that the application starts once."""
    scheduler = import_module("xdist.scheduler").LoadScopeScheduling(config, log)
    scheduler._split_scope = lambda test: "application" if test.startswith(APPLICATION_TESTS) else test
    return scheduler


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Start the servers before the workers of a parallel run, which get their environment."""
    run_stores(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the URLs of the servers to each worker."""
    node.workerinput["stores"] = run_stores(node.config).as_dict()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers in the process that started them."""
    if RUN in config.stash:
        config.stash[RUN].close()


def run_stores(config: pytest.Config) -> Stores:
    """The servers of the run, started on first use."""
    if STORES not in config.stash:
        stack = config.stash[RUN] = ExitStack()
        try:
            config.stash[STORES] = stack.enter_context(template())
        except (SystemExit, UserError) as error:
            pytest.exit(str(error), returncode=1)
    return config.stash[STORES]


@pytest.fixture(scope="session")
def migrated_stores(request: pytest.FixtureRequest) -> Stores:
    """The migrated database of the run, to be cloned."""
    given: dict[str, dict[str, str]] = getattr(request.config, "workerinput", {})
    return Stores(**given["stores"]) if given else run_stores(request.config)


@pytest.fixture(scope="session")
def stores(migrated_stores: Stores, worker_id: str) -> Iterator[Stores]:
    """The database and the Redis prefix of this worker."""
    with clone(migrated_stores, worker_id) as own:
        yield own


@pytest.fixture(scope="session")
def own_redis_url() -> Iterator[str]:
    """The URL of a Redis that a test can change or suspend, unlike the one that is shared with other workers."""
    scratch = Path(tempfile.mkdtemp(prefix="slipway-"))
    with Ports() as ports, Group(scratch) as group:
        yield Valkey(scratch / "valkey", durable=False).start(group, ports, on_usual=False)


@pytest.fixture
async def own_redis(own_redis_url: str) -> AsyncIterator[Redis]:
    """A client of it, for its configuration; without keys."""
    async with Redis.from_url(own_redis_url) as redis:
        await redis.flushall()
        yield redis
        await redis.replicaof(*PRIMARY)


@pytest.fixture(scope="session")
def common(stores: Stores) -> dict[str, Any]:
    """Settings of all services."""
    return {
        "app_name": "Test",
        "environment": "development",
        "database_url": stores.database_url,
        **stores.passwords,
        "redis_url": stores.redis_url,
        "redis_prefix": stores.redis_prefix,
    }


@pytest.fixture(scope="session")
async def mail(common: dict[str, Any]) -> AsyncIterator[None]:
    """Mail of all services but those that run as processes, which have a worker of their own."""
    async with mailing(common):
        yield


@pytest.fixture(scope="session")
def auth_settings(common: dict[str, Any], mail: None) -> AuthSettings:
    """Settings of the auth service, with fast password hashing."""
    return AuthSettings(**common, auth_signing_key=SIGNING_KEY, argon2_memory_kib=8, argon2_rounds=1)


@pytest.fixture(scope="session")
async def auth_url(auth_settings: AuthSettings) -> AsyncIterator[str]:
    """The URL of the auth service."""
    async with serve(create_auth(auth_settings)) as url:
        yield url


@pytest.fixture(scope="session")
async def auth(auth_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the auth service."""
    async with http_client(auth_url) as client:
        yield client


@pytest.fixture(scope="session")
def projects_settings(common: dict[str, Any], auth_url: str, mail: None) -> ProjectsSettings:
    """Settings of the projects service."""
    return ProjectsSettings(**common, jwks_url=f"{auth_url}/.well-known/jwks.json")


@pytest.fixture(scope="session")
async def projects(projects_settings: ProjectsSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the projects service."""
    async with (
        serve(create_projects(projects_settings)) as url,
        http_client(url) as client,
    ):
        yield client


@pytest.fixture
async def user(auth: httpx.AsyncClient) -> User:
    """A user who is logged in."""
    return await create_user(auth)


@pytest.fixture
async def other_user(auth: httpx.AsyncClient) -> User:
    """Another user who is logged in."""
    return await create_user(auth)


@pytest.fixture(scope="session")
def environment(auth_settings: AuthSettings, stores: Stores) -> dict[str, str]:
    """Settings of services that run as processes, except URLs and ports."""
    return {
        "APP_NAME": "Test",
        "ENVIRONMENT": "development",
        "DATABASE_URL": auth_settings.database_url.get_secret_value(),
        **{name.upper(): password.get_secret_value() for name, password in stores.passwords.items()},
        "REDIS_URL": auth_settings.redis_url.get_secret_value(),
        "REDIS_PREFIX": auth_settings.redis_prefix,
        "AUTH_SIGNING_KEY": SIGNING_KEY,
        "ARGON2_MEMORY_KIB": "8",
        "ARGON2_ROUNDS": "1",
        **dict.fromkeys(("RATE_LIMIT_CREDENTIALS", "RATE_LIMIT_INVITATIONS", "RATE_LIMIT_MAIL"), NO_LIMIT),
    }


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """A receiver of traces."""
    with running_receiver() as found:
        yield found


@pytest.fixture
def traced(receiver: Receiver) -> Iterator[Receiver]:
    """The receiver of all traces of services that run in the process of the test; they have one name."""
    settings = SETTINGS.model_copy(update={"otel_exporter_otlp_endpoint": receiver.url, "otel_traces_sampler_arg": 1.0})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.spans.EXPORT_MILLISECONDS", 10)
        tracing.configure("tested", settings)
    yield receiver
    tracing.stop()


@pytest.fixture(scope="session")
def application(
    environment: dict[str, str], receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """The whole application as processes, which send all traces; see APPLICATION_TESTS."""
    traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_TRACES_SAMPLER_ARG": "1"}
    with run_application({**environment, **traces}, tmp_path_factory.mktemp("application")) as processes:
        yield processes
