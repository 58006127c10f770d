"""Database settings and the connection pool."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Annotated, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import URL, AsyncAdaptedQueuePool, PoolProxiedConnection
from sqlalchemy.exc import OperationalError, TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared import tracing
from shared.database.connection import connector
from shared.database.pending import PendingMigrationsError
from shared.database.roles import login_role
from shared.database.statements import record_statements
from shared.metrics import STORE_BOUNDS, Durations, gauges, histogram
from shared.security.weak_credentials import password_in_url, role_password_weakness, separate_password_weakness
from shared.settings import Seconds, Settings, current_secret, is_local_host, refuse

# The exceptions that mean that the database is unavailable, refuses writes, or is not migrated.
UNAVAILABLE_ERRORS = (OperationalError, PoolTimeoutError, PendingMigrationsError)

SCHEMES = ("postgresql://", "postgres://")
HIGHEST_PORT = 65535
# Seconds after the server's own limit.
EXTRA_SECONDS = 2
# The server ends a transaction whose client sends nothing for so long, such as a frozen process, with its locks.
IDLE_SECONDS = 60
# Of connections without a response, so that a host that has disappeared is noticed; in seconds.
KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 5, "keepalives_count": 3}
# The end of the names of the settings with the passwords of services.
SUFFIX = "_database_password"


def parse_url(url: str) -> URL:
    """The URL for SQLAlchemy, parsed by libpq, so that services, psql and the sessions read the same from it.

    Raises ValueError for what one of them cannot read; the message has no part of the URL, which may have a password.
    """
    parts: dict[str, str] = {}
    with suppress(ProgrammingError):
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    hosts, ports = (parts.get(name, "").split(",") for name in ("host", "port"))
    are_ports = all(not port or (port.isdecimal() and 0 < int(port) <= HIGHEST_PORT) for port in ports)
    # The host must not be the rest of a password: errors would print it.
    are_hosts = "@" not in parts.get("host", "")[1:] and (ports == [""] or len(ports) == len(hosts))
    if not (url.startswith(SCHEMES) and "dbname" in parts and are_ports and are_hosts):
        raise ValueError(
            "should be postgresql://user[:password]@host:port/name, with %40 for @ in a password and one port per host"
        )
    user, password, name = (parts.pop(key, None) for key in ("user", "password", "dbname"))
    return URL.create("postgresql+psycopg", user, password, database=name, query=parts)


def _check_url(url: SecretStr) -> SecretStr:
    parse_url(url.get_secret_value())
    return url


def _unencrypted(url: SecretStr, _others: Mapping[str, Any]) -> str | None:
    options = parse_url(url.get_secret_value()).query
    hosts = str(options.get("hostaddr") or options.get("host") or "/").split(",")
    is_verified = options.get("sslmode") == "verify-full" and "sslrootcert" in options
    if is_verified or all(host.startswith(("/", "@")) or is_local_host(host) for host in hosts):
        return None
    return "should have ?sslmode=verify-full&sslrootcert=FILE, with the authorities to trust,"


# Services have the URL too, and should not have the owner's password.
DatabaseUrl = Annotated[
    SecretStr,
    AfterValidator(_check_url),
    refuse(partial(password_in_url, "database_password")),
    refuse(_unencrypted),
]
DatabasePassword = Annotated[SecretStr | None, refuse(partial(separate_password_weakness, "database_url"))]
RolePassword = Annotated[SecretStr, refuse(role_password_weakness)]


class DatabaseSettings(Settings):
    """Settings of the database connection of a service, which also has the setting `<service>_database_password`."""

    database_url: DatabaseUrl
    """postgresql://owner@host:port/name; services connect to it as roles of their own.

    ?sslmode=verify-full&sslrootcert=FILE encrypts the connections and verifies the server with these authorities.
    """

    database_pool_size: int = Field(default=10, ge=1)
    """Connections per process."""

    database_pool_timeout: Seconds = 5
    """Seconds to wait for a new connection to the server, and for a free one in the pool."""

    database_statement_timeout: Seconds = 10
    """Seconds until the server cancels a statement; 2 s later, the connection is closed."""


class DatabasePasswords(Settings):
    """The passwords of the services' roles, which migrations set."""

    auth_database_password: RolePassword
    """Secret: the password of the auth service in the database."""

    projects_database_password: RolePassword
    """Secret: the password of the projects service in the database."""

    worker_database_password: RolePassword
    """Secret: the password of the worker in the database."""

    @property
    def by_service(self) -> dict[str, SecretStr]:
        """The password of each service."""
        names = [name for name in DatabasePasswords.model_fields if name.endswith(SUFFIX)]
        return {name.removesuffix(SUFFIX): getattr(self, name) for name in names}


class MigrationSettings(DatabasePasswords):
    """Settings of the migrations, which run as the owner of the database."""

    database_url: DatabaseUrl
    """postgresql://owner[:password]@host:port/name"""

    database_password: DatabasePassword = Field(default=None, validate_default=True)
    """Secret: the password of the owner, if the URL has none."""


def owner_url(settings: MigrationSettings) -> URL:
    """The URL of the owner for SQLAlchemy, with the password if that is a separate setting."""
    url = parse_url(settings.database_url.get_secret_value())
    password = settings.database_password
    return url.set(password=password.get_secret_value()) if password and url.password is None else url


def service_login(settings: DatabaseSettings, service: str) -> dict[str, str]:
    """The user and password with which a service connects now."""
    name = f"{service}{SUFFIX}"
    user = parse_url(settings.database_url.get_secret_value()).username
    password = current_secret(name, getattr(settings, name))
    return {"user": login_role(user or "app", service, password), "password": password}


class MeasuredPool(AsyncAdaptedQueuePool):
    """A connection pool that measures how long it takes to get a connection, which may be a new one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.waits = Durations(STORE_BOUNDS)
        self.timeouts = 0

    def connect(self) -> PoolProxiedConnection:
        """Get a connection, in at most the timeout of the pool."""
        started = perf_counter()
        try:
            return super().connect()
        except PoolTimeoutError:
            self.timeouts += 1
            raise
        finally:
            self.waits.observe(perf_counter() - started)


class PoolCollector(Collector):
    """Metrics of the connection pool, read when they are collected."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        """Connections by state, and what it takes to get one."""
        pool: Any = self._engine.pool
        states = {"idle": pool.checkedin(), "in use": pool.checkedout()}
        yield gauges("db_pool_connections", "Connections to the database.", "state", states)
        yield GaugeMetricFamily("db_pool_connections_max", "The most connections to the database.", pool.size())
        yield histogram("db_pool_wait_seconds", "Time until a connection was there, old or new.", pool.waits)
        yield CounterMetricFamily("db_pool_timeouts", "Requests for a connection that timed out.", pool.timeouts)


def create_engine(settings: DatabaseSettings, service: str, *, pre_ping: bool = True) -> AsyncEngine:
    """Create a service's connection pool; it connects on first use and does not log parameter values.

    Without pings, which are a round trip for each transaction, the first one after a restart of the server fails.
    """
    url = parse_url(settings.database_url.get_secret_value())
    timeout = settings.database_pool_timeout
    engine = create_async_engine(
        url,
        hide_parameters=True,
        poolclass=MeasuredPool,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=timeout,
        pool_pre_ping=pre_ping,
        connect_args={
            **_network_options(url, timeout),
            "async_creator_fn": connector(
                partial(service_login, settings, service), timeout, settings.database_statement_timeout + EXTRA_SECONDS
            ),
            "application_name": service,
            "connect_timeout": max(2, round(timeout)),
            # Options of the URL, such as a search_path, apply to migrations too.
            "options": f"{url.query.get('options', '')} {_server_options(settings)}",
        },
    )
    if tracing.is_on():
        record_statements(engine)
    return engine


def _server_options(settings: DatabaseSettings) -> str:
    timeout = round(settings.database_statement_timeout * 1000)
    # The locks of a statement whose client was killed are released after a second.
    return (
        f"-c statement_timeout={timeout} -c idle_in_transaction_session_timeout={round(IDLE_SECONDS * 1000)} "
        "-c client_connection_check_interval=1000 -c timezone=UTC"
    )


def _network_options(url: URL, timeout: float) -> dict[str, Any]:
    """Options of libpq that the URL can override: of several hosts, use the one that accepts writes."""
    defaults = {
        **KEEPALIVES,
        "tcp_user_timeout": round(timeout * 1000),
        "target_session_attrs": "read-write",
    }
    return {name: value for name, value in defaults.items() if name not in url.query}
