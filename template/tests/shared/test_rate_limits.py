import asyncio
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from shared import rate_limits
from shared.rate_limits import LocalLimiter, Rate, SharedLimiter
from tests.support.serving import free_port
from tests.support.stores import Stores


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def redis(stores: Stores) -> AsyncIterator[Redis]:
    async with Redis.from_url(stores.redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
async def away() -> AsyncIterator[Redis]:
    """A client of a server that does not run."""
    async with Redis(port=free_port()) as client:
        yield client


@pytest.mark.parametrize("text", ["", "often", "0/minute", "5/minute; 10/hour", "-1/minute"])
def test_invalid_rate_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="should be one rate, such as 60/minute"):
        TypeAdapter(Rate).validate_python(text)


def test_local_limit_is_a_bucket_that_refills_evenly() -> None:
    clock = Clock()
    limiter = LocalLimiter("user", "4/minute", clock)
    lefts = [limiter.take("ada") for _ in range(6)]
    assert [left >= 0 for left in lefts] == [True] * 4 + [False] * 2
    assert [limiter.usage(left).remaining for left in lefts] == [3, 2, 1, 0, 0, 0]
    assert limiter.usage(lefts[4]).wait == 15
    assert limiter.take("bob") >= 0
    clock.now += 15
    assert limiter.take("ada") >= 0
    assert limiter.take("ada") < 0
    clock.now += 1000
    assert [limiter.take("ada") >= 0 for _ in range(5)] == [True] * 4 + [False]
    assert limiter.rejected == 4


def test_headers_follow_the_draft() -> None:
    limiter = LocalLimiter("user", "2/minute", Clock())
    lefts = [limiter.take("ada") for _ in range(3)]
    assert limiter.usage(lefts[0]).headers() == {
        "RateLimit-Policy": '"user";q=2;w=60',
        "RateLimit": '"user";r=1;t=30',
    }
    assert limiter.usage(lefts[2]).headers() == {
        "RateLimit-Policy": '"user";q=2;w=60',
        "RateLimit": '"user";r=0;t=30',
        "Retry-After": "30",
    }
    assert limiter.policy == b'"user";q=2;w=60'
    assert limiter.state(lefts[1]) == b'"user";r=0;t=61'


def test_memory_of_a_local_limit_is_bounded() -> None:
    limiter = LocalLimiter("address", "2/minute", Clock())
    tracemalloc.start()
    try:
        for number in range(3 * rate_limits.MAX_KEYS):
            limiter.take(f"{number:016x}")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40_000_000


def test_key_that_is_used_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MAX_KEYS", 10)
    limiter = LocalLimiter("address", "2/minute", Clock())
    assert [limiter.take("attacker") >= 0 for _ in range(3)] == [True, True, False]
    for number in range(100):
        limiter.take(str(number))
        if number % 5 == 0:
            assert limiter.take("attacker") < 0


async def test_shared_limit_is_exact_for_several_processes(redis: Redis, stores: Stores) -> None:
    limiters = [SharedLimiter(redis, stores.redis_prefix, "25/hour") for _ in range(4)]
    usages = await asyncio.gather(*(limiter.take("login", "exact") for limiter in limiters * 20))
    assert sum(usage.accepted for usage in usages) == 25
    last = await limiters[0].take("login", "exact")
    assert (last.accepted, last.remaining) == (False, 0)
    assert 3500 < last.wait <= 3600
    assert sum(sum(limiter.rejected.values()) for limiter in limiters) == 80 - 25 + 1
    assert (await limiters[0].take("register", "exact")).accepted
    assert (await limiters[0].take("login", "other")).accepted


async def test_shared_limit_is_local_while_redis_is_away(away: Redis) -> None:
    clock = Clock()
    limiter = SharedLimiter(away, "", "3/hour", clock)
    assert [(await limiter.take("login", "a")).accepted for _ in range(5)] == [True] * 3 + [False] * 2
    assert not limiter.available
    assert (await limiter.take("refresh", "a")).limit == "refresh"


async def test_redis_is_used_again_when_it_is_back(
    redis: Redis, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    limiter = SharedLimiter(redis, f"{stores.redis_prefix}back:", "3/hour", clock)
    monkeypatch.setattr(rate_limits, "REDIS_TIMEOUT_SECONDS", 0)
    assert (await limiter.take("login", "a")).accepted
    assert not limiter.available
    monkeypatch.undo()
    # Not every request tries it.
    assert [(await limiter.take("login", "a")).accepted for _ in range(3)] == [True, True, False]
    clock.now += rate_limits.REDIS_PAUSE_SECONDS
    assert (await limiter.take("login", "a")).accepted
    assert limiter.available
