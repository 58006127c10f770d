"""Redis settings and client."""

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError, TimeoutError as RedisTimeoutError

from shared.security.weak_credentials import separate_password_weakness, url_weakness
from shared.settings import Seconds, Settings, refuse, url_scheme

# The exceptions that mean that Redis is unavailable.
UNAVAILABLE_ERRORS = (RedisConnectionError, RedisTimeoutError)

RedisUrl = Annotated[SecretStr, AfterValidator(url_scheme("redis", "rediss", "unix")), refuse(url_weakness)]
RedisPassword = Annotated[SecretStr | None, refuse(partial(separate_password_weakness, "redis_url"))]


class RedisSettings(Settings):
    """Settings of the Redis connection."""

    redis_url: RedisUrl
    """redis://[user:password@]host:port/number"""

    redis_password: RedisPassword = Field(default=None, validate_default=True)
    """Secret: the password, if the URL has none."""

    redis_prefix: str = "app:"
    """Prefix of every key, so that applications can share a server."""

    redis_pool_size: int = Field(default=50, ge=1)
    """Connections per process."""

    redis_timeout: Seconds = 2
    """Seconds to wait for a connection or a response."""


def create_redis(settings: RedisSettings) -> Redis:
    """Create a client with a connection pool; it connects on first use and retries once if a connection was lost."""
    password = settings.redis_password
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        # A password in the URL takes precedence.
        password=password.get_secret_value() if password else None,
        decode_responses=True,
        max_connections=settings.redis_pool_size,
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), retries=1),
    )
