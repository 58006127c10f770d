"""A cache in Redis that returns no value from before an acknowledged change of the database.

The IDs of the rows that a value is made of are its sources. Each source has a random version in Redis, which a change
replaces, and a value is stored with the versions that were read before its rows were. So a value that was read from the
database before a change is not used after it, even if it is stored later.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache
from time import monotonic
from typing import TypeVar
from uuid import UUID, uuid4

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel
from redis.asyncio import Redis

from shared.redis import BestEffort, RedisSettings

# A value expires after so many seconds, also if nothing has changed.
LEASE_SECONDS = 5.0
# Versions expire together with the values that have them, so that Redis keeps none of unused rows.
VERSION_SECONDS = 60
# Longer than a commit takes before its connection is closed.
MARK_SECONDS = 30
# The start of a mark: it replaces the version of a source while a change is being committed.
MARK = "!"

# The value of KEYS[1], the stamp that it must have, and the time at which a value that is read now expires, in Redis's
# milliseconds since the epoch; nothing during a change of a source. The stamp has the versions of the other keys; a
# missing one becomes ARGV[1]. It begins with an ID that every start and every promotion of the server changes: data of
# another server, or of this one before a restart, may lack changes. A replica may lack them too.
READ = """
local stamp = string.match(redis.call('INFO', 'replication'), 'role:master.*master_replid:(%x+)')
if not stamp then return {} end
for index = 2, #KEYS do
    local version = redis.call('GET', KEYS[index])
    if not version then
        version = ARGV[1]
        redis.call('SET', KEYS[index], version, 'EX', ARGV[2])
    elseif string.sub(version, 1, 1) == '!' then
        return {}
    end
    stamp = stamp .. ' ' .. version
end
local now = redis.call('TIME')
return {redis.call('GET', KEYS[1]), stamp, now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[3]}
"""

# Ends the change with the mark ARGV[1]: the versions of KEYS are new from now on. The mark of another change remains.
END = """
for _, key in ipairs(KEYS) do
    local version = redis.call('GET', key)
    if version and (version == ARGV[1] or string.sub(version, 1, 1) ~= '!') then redis.call('DEL', key) end
end
return 1
"""

Value = TypeVar("Value", bound=BaseModel)


class Cache(Collector):
    """Values in Redis, which all processes share. Without Redis, reading is slower, and each change takes the lease."""

    def __init__(self, redis: Redis, settings: RedisSettings, lease: float = LEASE_SECONDS) -> None:
        self.lookups: Counter[str] = Counter()
        self._redis = redis
        self._prefix = f"{settings.redis_prefix}cache:"
        self._lease = lease
        self._commands = BestEffort("values are not cached", settings.redis_timeout)
        self._read = redis.register_script(READ)
        self._end = redis.register_script(END)

    async def get(
        self, kind: type[Value], sources: Sequence[UUID], load: Callable[[], Awaitable[Value | None]]
    ) -> Value | None:
        """The value of this kind for these sources, which `load` reads from the database unless it is cached.

        `load` must see everything that is committed when it is called. None is not cached.
        """
        key = f"{self._prefix}{fingerprint(kind)}:{':'.join(map(str, sources))}"
        found = await self._look_up(key, sources)
        if not found:
            self.lookups["bypass"] += 1
            return await load()
        stored, stamp, expiry = found
        stored_stamp, _, text = (stored or "").partition("\n")
        if stored_stamp == stamp:
            self.lookups["hit"] += 1
            return kind.model_validate_json(text)
        self.lookups["miss"] += 1
        value = await load()
        if value is not None:
            text = f"{stamp}\n{value.model_dump_json()}"
            await self._commands.run(lambda: self._redis.set(key, text, pxat=expiry))
        return value

    async def commit(self, changed: Iterable[UUID], commit: Callable[[], Awaitable[None]]) -> None:
        """Commit a change of these sources. When this returns, no process uses a value from before it.

        If the process ends before that, values of these sources are not cached until the mark expires. If Redis does
        not respond, this waits until all values from before have expired.
        """
        keys = [self._version_key(each) for each in changed]
        mark = f"{MARK}{uuid4().hex}"
        await self._commands.run(lambda: self._set_marks(keys, mark))
        await commit()
        committed_at = monotonic()
        if not await self._commands.run(lambda: self._end(keys, [mark]), always=True):
            await asyncio.sleep(committed_at + self._lease - monotonic())

    def collect(self) -> Iterable[Metric]:
        """Lookups by result; a bypass means that the value was being changed, or Redis is away."""
        lookups = CounterMetricFamily("cache_lookups", "Lookups in the cache.", labels=["result"])
        for result in ("hit", "miss", "bypass"):
            lookups.add_metric([result], self.lookups[result])
        return [lookups]

    async def _look_up(self, key: str, sources: Sequence[UUID]) -> tuple[str | None, str, int] | None:
        keys = [key, *map(self._version_key, sources)]
        arguments: list[str | int] = [uuid4().hex, VERSION_SECONDS, round(self._lease * 1000)]
        return await self._commands.run(lambda: self._read(keys, arguments))

    async def _set_marks(self, keys: Sequence[str], mark: str) -> None:
        async with self._redis.pipeline(transaction=False) as commands:
            for key in keys:
                commands.set(key, mark, ex=MARK_SECONDS)
            await commands.execute()

    def _version_key(self, source: UUID) -> str:
        return f"{self._prefix}version:{source}"


@cache
def fingerprint(kind: type[BaseModel]) -> str:
    """A name that changes with the fields, so that code of two releases does not share values."""
    return f"{kind.__name__}-{hashlib.sha256(str(kind.model_json_schema()).encode()).hexdigest()[:16]}"
