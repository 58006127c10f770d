import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, SecretStr
from redis.asyncio import Redis

from shared import cache as module
from shared.cache import Cache, fingerprint
from shared.redis import RedisSettings, create_redis
from shared.settings import Environment
from tests.support.serving import TIMEOUT_SECONDS, free_port
from tests.support.stores import PRIMARY, REPLICA

# Seconds; longer than a few commands take on a slow machine.
LONG = 600.0


class Note(BaseModel):
    """A value."""

    text: str


class ProcessEndError(Exception):
    """The process ends here."""


class Row:
    """A row of the database, which counts how often it is read."""

    def __init__(self) -> None:
        self.id = uuid4()
        self.text = "old"
        self.reads = 0

    async def read(self) -> Note:
        self.reads += 1
        return Note(text=self.text)

    def write(self, text: str) -> Callable[[], Awaitable[None]]:
        async def commit() -> None:
            self.text = text

        return commit


@pytest.fixture
def row() -> Row:
    return Row()


@pytest.fixture
def settings(own_redis_url: str) -> RedisSettings:
    return RedisSettings(
        environment=Environment.DEVELOPMENT, redis_url=SecretStr(own_redis_url), redis_timeout=TIMEOUT_SECONDS
    )


@pytest.fixture
async def redis(settings: RedisSettings, own_redis: Redis) -> AsyncIterator[Redis]:
    async with create_redis(settings) as client:
        yield client


@pytest.fixture
def cache(redis: Redis, settings: RedisSettings) -> Cache:
    return Cache(redis, settings, LONG)


@pytest.fixture
def other(redis: Redis, settings: RedisSettings) -> Cache:
    """The cache of another process."""
    return Cache(redis, settings, LONG)


async def text_of(cache: Cache, row: Row, *others: UUID) -> str | None:
    note = await cache.get(Note, [row.id, *others], row.read)
    return note.text if note else None


async def test_value_is_read_once_until_a_source_changes(cache: Cache, other: Cache, row: Row) -> None:
    user = uuid4()
    assert [await text_of(each, row, user) for each in (cache, other, cache)] == ["old"] * 3
    assert row.reads == 1
    await other.commit([row.id], row.write("new"))
    assert [await text_of(each, row, user) for each in (cache, other)] == ["new"] * 2
    assert row.reads == 2
    await cache.commit([user], row.write("newer"))
    assert await text_of(other, row, user) == "newer"


async def test_values_of_different_sources_and_kinds_are_apart(cache: Cache, row: Row) -> None:
    class Other(Note):
        """Another value of the same rows."""

    async def other() -> Other:
        return Other(text="other")

    first, second = uuid4(), uuid4()
    assert await text_of(cache, row, first) == "old"
    row.text = "of the second"
    assert await text_of(cache, row, second) == "of the second"
    assert await text_of(cache, row, first) == "old"
    assert await cache.get(Other, [row.id, first], other) == Other(text="other")


async def test_missing_row_is_not_cached(cache: Cache, row: Row) -> None:
    async def missing() -> None:
        return None

    assert await cache.get(Note, [row.id], missing) is None
    assert await text_of(cache, row) == "old"


async def test_value_read_before_a_change_is_not_used_after_it(cache: Cache, other: Cache, row: Row) -> None:
    async def read_slowly() -> Note:
        found = await row.read()
        await other.commit([row.id], row.write("new"))
        return found

    assert await cache.get(Note, [row.id], read_slowly) == Note(text="old")
    assert await text_of(cache, row) == "new"


async def test_value_is_neither_used_nor_cached_while_a_change_is_committed(
    cache: Cache, other: Cache, row: Row
) -> None:
    async def commit() -> None:
        row.text = "new"
        assert await text_of(other, row) == "new"
        assert await text_of(other, row) == "new"

    await text_of(other, row)
    await cache.commit([row.id], commit)
    assert row.reads == 3
    assert other.lookups == {"miss": 1, "bypass": 2}


async def test_process_that_ends_after_its_commit_leaves_no_old_value(
    cache: Cache, other: Cache, row: Row, redis: Redis
) -> None:
    async def end() -> None:
        row.text = "new"
        raise ProcessEndError

    await text_of(other, row)
    with pytest.raises(ProcessEndError):
        await cache.commit([row.id], end)
    assert await text_of(other, row) == "new"
    assert 0 < await redis.ttl(other._version_key(row.id)) <= module.MARK_SECONDS


async def test_concurrent_changes_end_apart(cache: Cache, other: Cache, row: Row) -> None:
    async def commit() -> None:
        await other.commit([row.id], row.write("first"))
        # The first change has ended; nothing marks the second one any more.
        assert await text_of(other, row) == "first"
        row.text = "second"

    await cache.commit([row.id], commit)
    assert await text_of(other, row) == "second"

    async def commit_later() -> None:
        await cache._end([cache._version_key(row.id)], ["!another"])
        row.text = "third"
        assert await text_of(other, row) == "third"
        assert other.lookups["bypass"] == 1

    await text_of(other, row)
    await cache.commit([row.id], commit_later)
    assert other.lookups["bypass"] == 1


async def test_change_that_redis_does_not_confirm_waits_until_old_values_have_expired(
    redis: Redis, settings: RedisSettings, row: Row
) -> None:
    lease = 0.5
    nothing = settings.model_copy(update={"redis_url": SecretStr(f"redis://127.0.0.1:{free_port()}")})
    async with create_redis(nothing) as unreachable:
        reader, away = Cache(redis, settings, lease), Cache(unreachable, nothing, lease)
        await text_of(reader, row)
        [expiry] = [await redis.pttl(key) for key in await redis.keys() if "Note" in key]
        assert 0 < expiry <= lease * 1000
        started = monotonic()
        await away.commit([row.id], row.write("new"))
        assert monotonic() - started >= lease
        assert await text_of(reader, row) == "new"
        assert await text_of(away, row) == "new"
        assert away.lookups == {"bypass": 1}


async def test_value_of_a_replica_and_of_a_former_primary_is_not_used(cache: Cache, row: Row, own_redis: Redis) -> None:
    await text_of(cache, row)
    # The change is not in the data of the server that has become the primary.
    row.text = "new"
    await own_redis.replicaof(*REPLICA)
    assert await text_of(cache, row) == "new"
    await own_redis.replicaof(*PRIMARY)
    assert await text_of(cache, row) == "new"
    assert row.reads == 3
    assert cache.lookups == {"miss": 2, "bypass": 1}


async def test_full_redis_is_slower_and_not_wrong(cache: Cache, other: Cache, row: Row, own_redis: Redis) -> None:
    await text_of(other, row)
    await own_redis.config_set("maxmemory", 1)
    try:
        # The end of a change needs no memory, so that it does not wait for the lease.
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await cache.commit([row.id], row.write("new"))
        assert await text_of(other, row) == "new"
    finally:
        await own_redis.config_set("maxmemory", 0)


async def test_many_concurrent_changes_and_reads_return_nothing_old(cache: Cache, other: Cache, row: Row) -> None:
    acknowledged = 0

    async def change() -> None:
        nonlocal acknowledged
        for number in range(1, 200):
            await cache.commit([row.id], row.write(str(number)))
            acknowledged = number

    async def look() -> None:
        while acknowledged < 199:
            before = acknowledged
            assert int(await text_of(other, row) or 0) >= before

    row.text = "0"
    await asyncio.gather(change(), *(look() for _ in range(5)))


async def test_lookups_are_metrics(cache: Cache, row: Row) -> None:
    registry = CollectorRegistry()
    registry.register(cache)
    await text_of(cache, row)
    await text_of(cache, row)
    found = {name: registry.get_sample_value("cache_lookups_total", {"result": name}) for name in ("hit", "miss")}
    assert found == {"hit": 1, "miss": 1}


def test_name_of_a_value_changes_with_its_fields() -> None:
    def kind(name: str) -> type[BaseModel]:
        return type("Note", (BaseModel,), {"__annotations__": {name: str}, "__module__": __name__})

    assert fingerprint(kind("text")) == fingerprint(kind("text"))
    assert fingerprint(kind("text")) != fingerprint(kind("title"))
