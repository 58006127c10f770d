"""Redis settings and client."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Annotated, TypeVar

import structlog
from pydantic import AfterValidator, Field, SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError as RedisTimeoutError,
)

from shared.security.weak_credentials import separate_password_weakness, url_weakness
from shared.settings import Seconds, Settings, refuse, url_scheme

# After a failure of Redis, requests that can do without it do not wait for it again so long.
PAUSE_SECONDS = 5.0

# The exceptions that mean that Redis is unavailable, or refuses a command: it may be full (OOM), a replica (READONLY),
# without replicas (NOREPLICAS), unable to save (MISCONF) or still loading (LOADING).
UNAVAILABLE_ERRORS = (RedisConnectionError, RedisTimeoutError, ResponseError)

RedisUrl = Annotated[SecretStr, AfterValidator(url_scheme("redis", "rediss", "unix")), refuse(url_weakness)]
RedisPassword = Annotated[SecretStr | None, refuse(partial(separate_password_weakness, "redis_url"))]

Result = TypeVar("Result")

log = structlog.get_logger()


class RedisSettings(Settings):
    """Settings of the Redis connection."""

    redis_url: RedisUrl
    """redis://[user:password@]host:port/number"""

    redis_password: RedisPassword = Field(default=None, validate_default=True)
    """Secret: the password, if the URL has none."""

    redis_prefix: str = "app:"
    """Prefix of every key, so that applications can share a server."""

    redis_pool_size: int = Field(default=50, ge=1)
    """Connections per process; further commands wait for a free one."""

    redis_timeout: Seconds = 2
    """Seconds to wait for a free connection, for a new one, and for a response."""


def create_redis(settings: RedisSettings) -> Redis:
    """Create a client with a connection pool; it connects on first use.

    It retries once on a new connection if one was lost, or leads to a server that a failover has made a replica.
    """
    password = settings.redis_password
    pool = BlockingConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        # A password in the URL takes precedence.
        password=password.get_secret_value() if password else None,
        decode_responses=True,
        max_connections=settings.redis_pool_size,
        timeout=settings.redis_timeout,
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), retries=1),
        retry_on_error=[ReadOnlyError],
    )
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
