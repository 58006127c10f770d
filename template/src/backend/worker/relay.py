"""The relay: publishes the jobs in the database that are due to the queues in Redis."""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from worker import repository
from worker.queue import Queue

BATCH = 200
# Jobs that follow in this time after others are published together.
PAUSE_SECONDS = 0.01
# For jobs that become due without a notification.
POLL_SECONDS = 1.0

log = structlog.get_logger()


class Relay:
    """Each worker has one; they do not publish the same jobs."""

    def __init__(self, engine: AsyncEngine, queue: Queue, mail_queue: Queue, mail: Iterable[str]) -> None:
        self._engine = engine
        self._queue = queue
        self._mail_queue = mail_queue
        self._mail = [*mail]

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
        free = await self._queue.free()
        free_for_mail = await self._mail_queue.free()
        if free <= 0:
            return True
        others = self._mail if free_for_mail <= 0 else []
        found = await repository.publish(self._engine, min(free, BATCH), others)
        for each in found:
            if each.is_dead:
                log.error("job is dead", job=each.name, job_id=str(each.id), reason=repository.NOT_FINISHED)
        due = [each for each in found if not each.is_dead]
        for queue, is_mail in ((self._queue, False), (self._mail_queue, True)):
            if ids := [each.id for each in due if (each.name in self._mail) is is_mail]:
                await queue.publish(ids)
        return bool(found)
