"""Redis settings and client."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache, partial
from ssl import SSLContext, create_default_context
from time import monotonic, perf_counter
from typing import Annotated, Any, TypeVar

import structlog
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import AfterValidator, Field, SecretStr
from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError as RedisTimeoutError,
)

from shared import tracing
from shared.metrics import STORE_BOUNDS, Durations, gauges, histogram
from shared.security.weak_credentials import separate_password_weakness, url_weakness
from shared.settings import Seconds, Settings, current_secret, is_loopback, refuse, url_scheme

# Commands that wait for a message.
BLOCKING = frozenset({"BLMOVE", "BLPOP", "BRPOP", "SUBSCRIBE", "XREAD", "XREADGROUP"})
# After a failure of Redis, requests that can do without it do not wait for it again so long.
PAUSE_SECONDS = 5.0

# The exceptions that mean that Redis is unavailable, or refuses a command: it may be full (OOM), a replica (READONLY),
# without replicas (NOREPLICAS), unable to save (MISCONF) or still loading (LOADING).
UNAVAILABLE_ERRORS = (RedisConnectionError, RedisTimeoutError, ResponseError)


def _unencrypted(url: SecretStr, _others: Mapping[str, Any]) -> str | None:
    text = url.get_secret_value()
    is_accepted = text.startswith(("rediss://", "unix://")) or is_loopback(text)
    return None if is_accepted else "should be rediss://, for an encrypted connection,"


RedisUrl = Annotated[
    SecretStr,
    AfterValidator(url_scheme("redis", "rediss", "unix")),
    refuse(url_weakness),
    refuse(_unencrypted),
]
RedisPassword = Annotated[SecretStr | None, refuse(partial(separate_password_weakness, "redis_url"))]

Result = TypeVar("Result")

log = structlog.get_logger()


class RedisSettings(Settings):
    """Settings of the Redis connection."""

    redis_url: RedisUrl
    """redis://[user:password@]host:port/number; rediss:// is encrypted, ?ssl_ca_certs=FILE has the authorities"""

    redis_password: RedisPassword = Field(default=None, validate_default=True)
    """Secret: the password, if the URL has none."""

    redis_prefix: str = "app:"
    """Prefix of every key, so that applications can share a server."""

    redis_pool_size: int = Field(default=50, ge=1)
    """Connections per process; further commands wait for a free one."""

    redis_timeout: Seconds = 2
    """Seconds to wait for a free connection, for a new one, and for a response."""


@cache
def tls_context(authorities: str | None, certificate: str | None, key: str | None) -> SSLContext:
    """The context of connections that trust these authorities, by default public ones; it takes 20 ms to make."""
    context = create_default_context(cafile=authorities)
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


class MeasuredConnection(AbstractConnection):
    """A connection with the time since which it is used, the name of its last command, and the number of its errors."""

    started = 0.0
    command = ""
    errors = 0
    span: Any = None

    async def send_command(self, *arguments: Any, **options: Any) -> None:
        """Send a command; several at once, as pipelines send them, have no name."""
        self.command = str(arguments[0])
        await super().send_command(*arguments, **options)

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read the response to a command."""
        try:
            return await super().read_response(*arguments, **options)
        except NoScriptError:
            # Redis has not stored the script yet; it is sent again, whole.
            raise
        except RedisError:
            self.errors += 1
            raise


class PlainConnection(MeasuredConnection, Connection):
    """A connection without encryption."""


class SocketConnection(MeasuredConnection, UnixDomainSocketConnection):
    """A connection through a file of this machine."""


class VerifiedConnection(MeasuredConnection, SSLConnection):
    """An encrypted connection that always verifies the server.

    Those of redis-py make a context each, and trust public authorities beside those of the URL.
    """

    def _connection_arguments(self) -> Mapping[str, Any]:
        options = self.ssl_context
        options.context = tls_context(options.ca_certs, options.certfile, options.keyfile)
        return super()._connection_arguments()


CONNECTIONS: Mapping[type[AbstractConnection], type[MeasuredConnection]] = {
    Connection: PlainConnection,
    SSLConnection: VerifiedConnection,
    UnixDomainSocketConnection: SocketConnection,
}


class MeasuredPool(BlockingConnectionPool):
    """A connection pool that measures for how long commands, and pipelines of them, use a connection."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.connection_class = CONNECTIONS[self.connection_class]
        self.durations = Durations(STORE_BOUNDS)
        self.errors = 0

    async def get_connection(self, *arguments: Any, **options: Any) -> Any:
        """Get a connection, in at most the timeout of the pool."""
        get_connection: Any = super().get_connection
        try:
            connection = await get_connection(*arguments, **options)
        except (RedisError, OSError):
            self.errors += 1
            raise
        # Servers refuse some commands of the handshake, which redis-py ignores.
        connection.errors = 0
        connection.command = ""
        connection.span = tracing.start("REDIS", {"db.system.name": "redis"})
        connection.started = perf_counter()
        return connection

    async def release(self, connection: Any) -> None:
        """Return a connection."""
        if connection.started and connection.command not in BLOCKING:
            self.durations.observe(perf_counter() - connection.started)
        self.errors += connection.errors
        if connection.span is not None:
            connection.span.update_name(connection.command or "PIPELINE")
            tracing.finish(connection.span, error="RedisError" if connection.errors else None)
            connection.span = None
        connection.started = connection.errors = 0
        await super().release(connection)


class RedisCollector(Collector):
    """Metrics of a client of Redis, read when they are collected."""

    def __init__(self, redis: Redis) -> None:
        self._pool: Any = redis.connection_pool

    def collect(self) -> Iterable[Metric]:
        """Connections by state, and what commands take."""
        idle, used = (number for number, _ in self._pool.get_connection_count())
        yield gauges("redis_pool_connections", "Connections to Redis.", "state", {"idle": idle, "in use": used})
        text = "Duration of commands and pipelines, without those that wait for a message."
        yield histogram("redis_command_duration_seconds", text, self._pool.durations)
        yield CounterMetricFamily("redis_errors", "Commands that failed.", self._pool.errors)


class Credentials(CredentialProvider):
    """The login of each new connection: the user of the URL, if any, and the password in its file."""

    def __init__(self, password: SecretStr, user: str | None) -> None:
        self._password = password
        self._user = user

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """The password, with the user if there is one."""
        password = current_secret("redis_password", self._password)
        return (self._user, password) if self._user else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The same, for asynchronous connections."""
        return self.get_credentials()


def create_redis(settings: RedisSettings) -> Redis:
    """Create a client with a connection pool; it connects on first use.

    It retries once on a new connection if one was lost, or leads to a server that a failover has made a replica.
    """
    pool = MeasuredPool.from_url(
        settings.redis_url.get_secret_value(),
        decode_responses=True,
        max_connections=settings.redis_pool_size,
        timeout=settings.redis_timeout,
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), retries=1),
        retry_on_error=[ReadOnlyError],
    )
    login = pool.connection_kwargs
    # A password in the URL takes precedence.
    if settings.redis_password and "password" not in login:
        login["credential_provider"] = Credentials(settings.redis_password, login.pop("username", None))
    return Redis.from_pool(pool)


async def check_writable(redis: Redis, prefix: str) -> None:
    """Raise unless Redis accepts writes; a PING succeeds when it is full or a replica."""
    await redis.set(f"{prefix}health", "", ex=60)


class BestEffort:
    """Runs commands that requests can do without; none for PAUSE_SECONDS after a failure, which is logged once.

    `effect` is logged: what a failure means.
    """

    def __init__(self, effect: str, timeout: float, clock: Callable[[], float] = monotonic) -> None:
        self.available = True
        self._effect = effect
        self._timeout = timeout
        self._clock = clock
        self._retry_at = 0.0

    async def run(self, commands: Callable[[], Awaitable[Result]], *, always: bool = False) -> Result | None:
        """The result; None if Redis does not respond in time or refuses a command, or, unless `always`, just did so."""
        if not always and self._clock() < self._retry_at:
            return None
        try:
            async with asyncio.timeout(self._timeout):
                result = await commands()
        except (RedisError, OSError) as error:
            self._retry_at = self._clock() + PAUSE_SECONDS
            if self.available:
                log.warning(self._effect, reason=str(error) or type(error).__name__)
            self.available = False
            return None
        self.available = True
        return result
