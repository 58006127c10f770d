"""The schedule: adds jobs to the database at their times."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from taskiq import AsyncBroker, ScheduledTask, ScheduleSource, TaskiqScheduler

from shared.database.engine import UNAVAILABLE_ERRORS
from shared.database.models import Job as JobRow
from worker.registry import Job

log = structlog.get_logger()


class Schedules(ScheduleSource):
    """The jobs that have a schedule."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._tasks = [
            ScheduledTask(task_name=each.name, labels={}, args=[], kwargs={}, cron=each.schedule, schedule_id=each.name)
            for each in jobs
            if each.schedule
        ]

    async def get_schedules(self) -> list[ScheduledTask]:
        """All of them."""
        return self._tasks


class Scheduler(TaskiqScheduler):
    """Adds a job to the database instead of the queue."""

    def __init__(self, broker: AsyncBroker, engine: AsyncEngine, jobs: Iterable[Job]) -> None:
        super().__init__(broker, [Schedules(jobs)])
        self._engine = engine

    async def on_ready(self, _source: ScheduleSource, task: ScheduledTask) -> None:
        """Add a job with the ID of its time, so that only one of several workers does.

        A worker that starts in this minute tries it, too. So the job stays in the database for so long.
        """
        minute = current_minute()
        job_id = uuid5(uuid5(NAMESPACE_OID, task.task_name), minute.isoformat())
        values = {"id": job_id, "name": task.task_name, "due_at": minute + timedelta(minutes=1)}
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(JobRow).values(values).on_conflict_do_nothing())
        except UNAVAILABLE_ERRORS as error:
            log.warning("scheduled job not added", job=task.task_name, reason=str(error).splitlines()[0])


def current_minute() -> datetime:
    """The time, without seconds."""
    return datetime.now(UTC).replace(second=0, microsecond=0)
