import asyncio
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError
from redis.asyncio import Redis

from shared import rate_limits
from shared.rate_limits import LocalLimiter, Rate, SharedLimiter
from shared.redis import PAUSE_SECONDS, RedisSettings, create_redis
from shared.settings import Environment
from tests.support.clock import Clock
from tests.support.serving import TIMEOUT_SECONDS
from tests.support.stores import Stores


@pytest.fixture
def settings(stores: Stores, request: pytest.FixtureRequest) -> RedisSettings:
    """Settings with keys of the test's own."""
    return RedisSettings(
        environment=Environment.DEVELOPMENT,
        redis_url=SecretStr(stores.redis_url),
        redis_prefix=f"{stores.redis_prefix}{request.node.name}:",
        redis_timeout=TIMEOUT_SECONDS,
    )


@pytest.fixture
async def redis(settings: RedisSettings) -> AsyncIterator[Redis]:
    async with create_redis(settings) as client:
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


def test_memory_of_a_local_limit_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MAX_KEYS", 1000)
    limiter = LocalLimiter("address", "2/minute", Clock())
    tracemalloc.start()
    try:
        for number in range(20_000):
            limiter.take(f"{number:016x}")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Two generations; 50,000 keys in each take less than 25 MB.
    assert peak < 2 * 1000 * 250


def test_key_that_is_used_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MAX_KEYS", 10)
    limiter = LocalLimiter("address", "2/minute", Clock())
    assert [limiter.take("attacker") >= 0 for _ in range(3)] == [True, True, False]
    for number in range(100):
        limiter.take(str(number))
        if number % 5 == 0:
            assert limiter.take("attacker") < 0


async def test_shared_limit_is_exact_for_several_processes(redis: Redis, settings: RedisSettings) -> None:
    limiters = [SharedLimiter(redis, settings, "25/hour") for _ in range(4)]
    usages = await asyncio.gather(*(limiter.take("login", "exact") for limiter in limiters * 20))
    assert sum(usage.accepted for usage in usages) == 25
    last = await limiters[0].take("login", "exact")
    assert (last.accepted, last.remaining) == (False, 0)
    assert 3500 < last.wait <= 3600
    assert sum(sum(limiter.rejected.values()) for limiter in limiters) == 80 - 25 + 1
    assert (await limiters[0].take("register", "exact")).accepted
    assert (await limiters[0].take("login", "other")).accepted


async def test_shared_limit_is_local_while_redis_is_away_and_exact_when_it_is_back(
    redis: Redis, settings: RedisSettings
) -> None:
    clock = Clock()
    limiter = SharedLimiter(redis, settings.model_copy(update={"redis_timeout": 0}), "3/hour", clock)
    assert [(await limiter.take("login", "a")).accepted for _ in range(4)] == [True] * 3 + [False]
    assert not limiter.available
    assert (await limiter.take("refresh", "a")).limit == "refresh"
    limiter._commands._timeout = TIMEOUT_SECONDS
    # Not every request tries it.
    assert not (await limiter.take("login", "a")).accepted
    clock.now += PAUSE_SECONDS
    assert (await limiter.take("login", "a")).accepted
    assert limiter.available
