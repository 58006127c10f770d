"""Rate limits: local ones in the memory of a process, and exact ones in Redis, which all processes share."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic, time
from typing import Annotated, Any

from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import AfterValidator
from redis.asyncio import Redis

from shared.redis import BestEffort, RedisSettings

# Of each of two generations of keys. All of them take less than 25 MB.
MAX_KEYS = 50_000
DETAIL = "Too many requests; try again later"


def _check_rate(text: str) -> str:
    try:
        rates = parse_many(text)
    except ValueError:
        rates = []
    if len(rates) != 1 or rates[0].amount < 1:
        raise ValueError("should be one rate, such as 60/minute or 20/5 minutes")
    return text


Rate = Annotated[str, AfterValidator(_check_rate)]


@dataclass(frozen=True, slots=True)
class Usage:
    """What is left of a limit after a request; `wait` is in seconds until it is restored, or until the next request."""

    limit: str
    rate: RateLimitItem
    remaining: int
    wait: float
    accepted: bool

    def headers(self) -> dict[str, str]:
        """Headers as in draft-ietf-httpapi-ratelimit-headers-10; with `Retry-After` if the request was rejected."""
        wait = max(1, math.ceil(self.wait))
        headers = {
            "RateLimit-Policy": f'"{self.limit}";q={self.rate.amount};w={self.rate.get_expiry()}',
            "RateLimit": f'"{self.limit}";r={self.remaining};t={wait}',
        }
        return headers if self.accepted else {**headers, "Retry-After": str(wait)}


class RateLimitedError(Exception):
    """A limit is exceeded."""

    def __init__(self, usage: Usage) -> None:
        super().__init__(usage.limit)
        self.usage = usage


class LocalLimiter:
    """A limit of this process, by the generic cell rate algorithm: a bucket that refills evenly.

    The memory is bounded: when there are too many keys, those that were not used recently are forgotten.
    """

    def __init__(self, name: str, rate: Rate, clock: Callable[[], float] = monotonic) -> None:
        self.rejected = 0
        self._name = name
        self._name_bytes = name.encode()
        self._rate = parse_many(rate)[0]
        self._clock = clock
        self._window = float(self._rate.get_expiry())
        self._interval = self._window / self._rate.amount
        # The time at which the bucket of each key is full again.
        self._full_at: dict[str, float] = {}
        self._previous: dict[str, float] = {}

    def take(self, key: str) -> float:
        """Count a request: the seconds of the window that are left, or if negative, to wait because it is rejected."""
        now = self._clock()
        full_at = self._full_at.get(key)
        if full_at is None:
            full_at = self._recall(key)
        full_at = max(full_at, now) + self._interval
        left = now + self._window - full_at
        if left < -1e-6:
            self.rejected += 1
            return left
        self._full_at[key] = full_at
        return left if left > 0 else 0.0

    @property
    def policy(self) -> bytes:
        """The member of `RateLimit-Policy`."""
        return f'"{self._name}";q={self._rate.amount};w={self._rate.get_expiry()}'.encode()

    def state(self, left: float) -> bytes:
        """The member of `RateLimit` after `take` has returned `left`."""
        return b'"%s";r=%d;t=%d' % (self._name_bytes, left / self._interval + 1e-6, self._window - left + 1)

    def usage(self, left: float) -> Usage:
        """The usage after `take` has returned `left`."""
        if left < 0:
            return Usage(self._name, self._rate, 0, -left, accepted=False)
        return Usage(self._name, self._rate, int(left / self._interval + 1e-6), self._window - left, accepted=True)

    def _recall(self, key: str) -> float:
        if len(self._full_at) >= MAX_KEYS:
            self._previous, self._full_at = self._full_at, {}
        full_at = self._full_at[key] = self._previous.get(key, 0.0)
        return full_at


class SharedLimiter:
    """A limit that all processes share: exact, by a moving window in Redis; while Redis is away, local."""

    def __init__(
        self, redis: Redis, settings: RedisSettings, rate: Rate, clock: Callable[[], float] = monotonic
    ) -> None:
        self.rejected: Counter[str] = Counter()
        self._rate = parse_many(rate)[0]
        options: dict[str, Any] = {"connection_pool": redis.connection_pool}
        storage = RedisStorage(
            "redis://", implementation="redispy", key_prefix=f"{settings.redis_prefix}limit", **options
        )
        self._window = MovingWindowRateLimiter(storage)
        self._commands = BestEffort("rate limits are local", settings.redis_timeout, clock)
        self._local = LocalLimiter("", rate, clock)

    @property
    def available(self) -> bool:
        """Whether the limits are in Redis."""
        return self._commands.available

    async def take(self, name: str, key: str) -> Usage:
        """Count a request to the limit of this name."""
        usage = await self._commands.run(lambda: self._take(name, key))
        if usage is None:
            usage = replace(self._local.usage(self._local.take(f"{name} {key}")), limit=name)
        self.rejected[name] += not usage.accepted
        return usage

    async def require(self, name: str, key: str) -> None:
        """Count a request; raises RateLimitedError if there are too many. Redis gets a hash of the key."""
        usage = await self.take(name, hashlib.sha256(key.encode()).hexdigest())
        if not usage.accepted:
            raise RateLimitedError(usage)

    async def _take(self, name: str, key: str) -> Usage:
        accepted = await self._window.hit(self._rate, name, key)
        reset, remaining = await self._window.get_window_stats(self._rate, name, key)
        return Usage(name, self._rate, remaining, reset - time(), accepted)


class LimitCollector(Collector):
    """Metrics of limits, read when they are collected."""

    def __init__(self, shared: Sequence[SharedLimiter], local: Mapping[str, LocalLimiter]) -> None:
        self._shared = shared
        self._local = local

    def collect(self) -> Iterable[Metric]:
        """Rejected requests by limit, and whether the shared limits are in Redis."""
        rejected = CounterMetricFamily("rate_limited_requests", "Requests rejected by a limit.", labels=["limit"])
        for name, number in [pair for each in self._shared for pair in each.rejected.items()]:
            rejected.add_metric([name], number)
        for name, limiter in self._local.items():
            rejected.add_metric([name], limiter.rejected)
        help_text = "1 if the shared limits are in Redis, 0 if they are local because it is away."
        available = all(each.available for each in self._shared)
        return [rejected, GaugeMetricFamily("rate_limit_redis", help_text, available)]
