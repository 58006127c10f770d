"""Redis settings and client."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from ssl import SSLContext, create_default_context
from time import monotonic
from typing import Annotated, Any, TypeVar

import structlog
from pydantic import AfterValidator, Field, SecretStr
from redis.asyncio import BlockingConnectionPool, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError as RedisTimeoutError,
)

from shared.security.weak_credentials import separate_password_weakness, url_weakness
from shared.settings import Seconds, Settings, current_secret, is_loopback, refuse, url_scheme

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


class VerifiedConnection(SSLConnection):
    """An encrypted connection that always verifies the server.

    Those of redis-py make a context each, and trust public authorities beside those of the URL.
    """

    def _connection_arguments(self) -> Mapping[str, Any]:
        options = self.ssl_context
        options.context = tls_context(options.ca_certs, options.certfile, options.keyfile)
        return super()._connection_arguments()


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
    pool = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        decode_responses=True,
        max_connections=settings.redis_pool_size,
        timeout=settings.redis_timeout,
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), retries=1),
        retry_on_error=[ReadOnlyError],
    )
    if pool.connection_class is SSLConnection:
        pool.connection_class = VerifiedConnection
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
