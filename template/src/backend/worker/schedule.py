"""The schedule: adds jobs to the database at their times, or later if it was away then."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from taskiq.cli.scheduler.run import is_cron_task_now

from shared.database.models import Job as JobRow, Schedule
from worker.registry import Job

# Of several times that have passed, however long ago, a job is added once; cron expressions repeat within it.
LONGEST = timedelta(days=31)
MINUTE = timedelta(minutes=1)


class Scheduler:
    """Each worker has one; the row of a schedule makes that one of them adds a job."""

    def __init__(self, engine: AsyncEngine, jobs: Iterable[Job]) -> None:
        self._engine = engine
        self._schedules = {each.name: each.schedule for each in jobs if each.schedule}
        # Until then, this process has checked all of them.
        self._checked = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Add jobs each minute, until an error or a cancellation."""
        while True:
            now = datetime.now(UTC)
            await self.add(now)
            await asyncio.sleep((MINUTE - (now - start_of_minute(now))).total_seconds())

    async def add(self, now: datetime) -> None:
        """Add each job for which a time has passed since the last check; a new schedule begins now."""
        minute = start_of_minute(now)
        async with AsyncSession(self._engine) as database, database.begin():
            query = select(Schedule.name, Schedule.checked_at).where(Schedule.name.in_(self._schedules))
            checked = {row.name: row.checked_at for row in await database.execute(query)}
            new = [{"name": name, "checked_at": minute} for name in self._schedules if name not in checked]
            if new:
                await database.execute(insert(Schedule).values(new).on_conflict_do_nothing())
            due = [
                name
                for name, last in checked.items()
                if any(
                    is_cron_task_now(self._schedules[name], each)
                    for each in minutes(max(last, self._checked, minute - LONGEST), minute)
                )
            ]
            added = [await self._add(database, name, checked[name], minute) for name in due]
        if all(added):
            self._checked = minute

    async def _add(self, database: AsyncSession, name: str, last: datetime, minute: datetime) -> bool:
        """Add a job; False if another worker has done so since `last`, perhaps for an earlier time."""
        own = update(Schedule).where(Schedule.name == name, Schedule.checked_at == last).values(checked_at=minute)
        if await database.scalar(own.returning(Schedule.name)) is None:
            return False
        await database.execute(insert(JobRow).values(name=name))
        return True


def minutes(after: datetime, last: datetime) -> Iterator[datetime]:
    """The minutes after one until the last."""
    while (after := after + MINUTE) <= last:
        yield after


def start_of_minute(time: datetime) -> datetime:
    """The time, without seconds."""
    return time.replace(second=0, microsecond=0)
