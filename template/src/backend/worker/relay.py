"""The relay: publishes the jobs in the database that are due to the queue in Redis."""

import asyncio
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from worker import repository
from worker.queue import Queue

# The queue stays short: what waits in it counts as lost after a while.
MAX_QUEUED = 1000
BATCH = 200
# Jobs that follow in this time after others are published together.
PAUSE_SECONDS = 0.01
# For jobs that become due without a notification.
POLL_SECONDS = 1.0

log = structlog.get_logger()


class Relay:
    """Each worker has one; they do not publish the same jobs."""

    def __init__(self, engine: AsyncEngine, queue: Queue) -> None:
        self._engine = engine
        self._queue = queue

    async def run(self) -> None:
        """Publish jobs, each as soon as its transaction is committed, until an error or a cancellation."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            try:
                await connection.exec_driver_sql("LISTEN jobs")
                listener: Any = (await connection.get_raw_connection()).driver_connection
                while True:
                    if await self._publish():
                        await asyncio.sleep(PAUSE_SECONDS)
                        continue
                    async for _ in listener.notifies(timeout=POLL_SECONDS, stop_after=1):
                        pass
            finally:
                await connection.invalidate()

    async def _publish(self) -> bool:
        """Publish some jobs; whether there may be more."""
        # Without Redis, this fails before the jobs count as published.
        free = MAX_QUEUED - await self._queue.length()
        if free <= 0:
            return True
        found = await repository.publish(self._engine, min(free, BATCH))
        for each in found:
            if each.is_dead:
                log.error("job is dead", job=each.name, job_id=str(each.id), reason=repository.NOT_FINISHED)
        if due := [each.id for each in found if not each.is_dead]:
            await self._queue.publish(due)
        return bool(found)
