"""The queues in Redis, which dispatch the IDs of jobs to the workers: lists, as brokers of taskiq."""

from collections.abc import AsyncGenerator, Iterable
from uuid import UUID

from redis.asyncio import Redis
from taskiq import AsyncBroker, BrokerMessage, TaskiqMessage

# The task of all jobs; its argument is the ID.
TASK = "run"

# Less than the default of REDIS_TIMEOUT, after which a Redis that does not respond counts as unavailable.
WAIT_SECONDS = 1


class Queue(AsyncBroker):
    """A list of messages; what is lost with Redis or a worker is published again, as the database has the jobs.

    It stays short, with `limit` messages, since what waits in it counts as lost after a while.
    """

    def __init__(self, redis: Redis, key: str, limit: int) -> None:
        super().__init__()
        self._limit = limit
        self._redis = redis
        self._key = key

    async def publish(self, job_ids: Iterable[UUID]) -> None:
        """Append the IDs of jobs with one command."""
        messages = (
            TaskiqMessage(task_id=str(each), task_name=TASK, labels={}, args=[str(each)], kwargs={}) for each in job_ids
        )
        await self._redis.rpush(self._key, *(self.formatter.dumps(each).message for each in messages))

    async def kick(self, message: BrokerMessage) -> None:
        """Append a message."""
        await self._redis.rpush(self._key, message.message)

    async def listen(self) -> AsyncGenerator[bytes, None]:
        """The messages, each of which goes to one worker."""
        while True:
            if found := await self._redis.blpop([self._key], WAIT_SECONDS):
                yield str(found[1]).encode()

    async def free(self) -> int:
        """The number of messages that can be added."""
        return self._limit - await self._redis.llen(self._key)
