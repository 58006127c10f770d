"""The Redis client and its settings."""

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError, TimeoutError as RedisTimeoutError

from shared.security.credentials import weak_beside, weak_in_url
from shared.settings import Seconds, Settings, refuse, url_of

# What it means when Redis does not answer.
UNAVAILABLE = (RedisConnectionError, RedisTimeoutError)

RedisUrl = Annotated[SecretStr, AfterValidator(url_of("redis", "rediss", "unix")), refuse(weak_in_url)]
RedisPassword = Annotated[SecretStr | None, refuse(partial(weak_beside, "redis_url"))]


class RedisSettings(Settings):
    """Where Redis is and how it is used."""

    redis_url: RedisUrl
    """redis://[user:password@]host:port/number"""

    redis_password: RedisPassword = Field(default=None, validate_default=True)
    """Secret: the password, where the URL has none."""

    redis_prefix: str = "app:"
    """Put before every key, so that applications can share a server."""

    redis_pool_size: int = Field(default=50, ge=1)
    """Connections per process."""

    redis_timeout: Seconds = 2
    """Seconds to wait for a connection or an answer."""


def create_redis(settings: RedisSettings) -> Redis:
    """A pooled client; connects on first use and once more when a connection was lost."""
    password = settings.redis_password
    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        # What the URL says wins.
        password=password.get_secret_value() if password else None,
        decode_responses=True,
        max_connections=settings.redis_pool_size,
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), retries=1),
    )
