"""Database queries of the worker on jobs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

# A published job whose run has not begun after this time was probably lost with Redis or a worker. The time doubles
# with each publication, as the queue may only be long. A run locks its job; one that a shutdown cancels was longer.
LOST_AFTER = timedelta(seconds=10)
# A job that was published so often, and has neither finished nor failed, may end the process that runs it.
MAX_PUBLISHED = 10
NOT_FINISHED = f"published {MAX_PUBLISHED} times, and no run has ended; it may end the process of the worker"
# The first retry of a failed job is after half of this time or more; it doubles with each failure.
RETRY_AFTER = timedelta(seconds=5)
MAX_DELAY = timedelta(hours=1)

PUBLISH = text("""
UPDATE jobs
SET published = published + 1,
    due_at = now() + least(:lost_after * 2 ^ least(published, 20), :max_delay),
    failed_at = CASE WHEN published >= :max_published THEN now() END,
    error = CASE WHEN published >= :max_published THEN :reason ELSE error END
WHERE id IN (
    SELECT id FROM jobs WHERE failed_at IS NULL AND due_at <= now() AND name <> ALL(:others)
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
)
RETURNING id, name, failed_at IS NOT NULL AS is_dead
""")
# For psycopg.
TAKE = """
DELETE FROM jobs WHERE id = (SELECT id FROM jobs WHERE id = %s AND failed_at IS NULL FOR UPDATE SKIP LOCKED)
RETURNING name, arguments, request_id, trace, created_at
"""
FAIL = text("""
UPDATE jobs
SET published = 0,
    failures = failures + 1,
    due_at = now() + least(:retry_after * 2 ^ least(failures, 20), :max_delay) * (0.5 + random() / 2),
    failed_at = CASE WHEN failures + 1 >= :attempts THEN now() END,
    error = :reason
WHERE id = :id AND failed_at IS NULL
RETURNING failed_at IS NOT NULL
""")
# A run has locked the row of its job: the transaction of its xmax is in progress. Each publication has moved `due_at`;
# the sum of the delays is the time for which the job has waited since the first one.
COUNT = text("""
WITH found AS (
    SELECT failures, failed_at IS NOT NULL AS is_dead,
        due_at - :lost_after * (2 ^ least(published, 20) - 1) AS due_at,
        xmax::text::bigint > 0 AND NOT pg_visible_in_snapshot(
            ((pg_snapshot_xmax(snapshot)::text::bigint >> 32 << 32) + xmax::text::bigint)::text::xid8, snapshot
        ) AS is_running
    FROM jobs, pg_current_snapshot() AS snapshot
), waiting AS (
    SELECT failures, due_at FROM found WHERE NOT is_dead AND NOT is_running
)
SELECT
    (SELECT count(*) FROM waiting WHERE failures = 0),
    (SELECT count(*) FROM found WHERE NOT is_dead AND is_running),
    (SELECT count(*) FROM waiting WHERE failures > 0),
    (SELECT count(*) FROM found WHERE is_dead),
    (SELECT greatest(extract(epoch FROM now() - min(due_at)), 0)::float FROM waiting)
""")


class Published(NamedTuple):
    """A job that was published, or has become a dead letter."""

    id: UUID
    name: str
    is_dead: bool


class Taken(NamedTuple):
    """A job to run."""

    name: str
    arguments: dict[str, Any]
    request_id: str | None
    trace: str | None
    created_at: datetime


class Counts(NamedTuple):
    """The numbers of jobs by state, and for how many seconds the oldest that does not run has been due."""

    queued: int
    running: int
    failed: int
    dead: int
    oldest_age: float


async def publish(engine: AsyncEngine, limit: int, others: Sequence[str] = ()) -> list[Published]:
    """Mark jobs that are due, except those with other names, as published; of several workers, each gets others."""
    values = {
        "limit": limit,
        "others": [*others],
        "lost_after": LOST_AFTER,
        "max_delay": MAX_DELAY,
        "max_published": MAX_PUBLISHED,
        "reason": NOT_FINISHED,
    }
    async with engine.begin() as connection:
        return [Published(*row) for row in await connection.execute(PUBLISH, values)]


async def take(session: AsyncSession, job_id: UUID) -> Taken | None:
    """Lock the job and delete it, if the transaction is committed; None if it is gone, dead or locked by its run.

    By psycopg itself: with SQLAlchemy, this takes a fourth of the CPU time of an empty job.
    """
    connection: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    try:
        row = await (await connection.execute(TAKE, [job_id])).fetchone()
    except psycopg.Error:
        # SQLAlchemy replaces the connections of a server that was restarted when a statement of its own fails.
        await session.execute(text("SELECT"))
        raise
    return Taken(*row) if row else None


async def fail(engine: AsyncEngine, job_id: UUID, reason: str, attempts: int) -> bool:
    """Record a failed run; whether the job is dead, as so many have failed. Otherwise, there will be another one."""
    values = {"id": job_id, "reason": reason, "attempts": attempts, "retry_after": RETRY_AFTER, "max_delay": MAX_DELAY}
    async with engine.begin() as connection:
        return bool(await connection.scalar(FAIL, values))


async def count(engine: AsyncEngine) -> Counts:
    """Count the jobs; a worker that has locked a job runs it."""
    async with engine.connect() as connection:
        row = (await connection.execute(COUNT, {"lost_after": LOST_AFTER})).one()
        return Counts(*(number or 0 for number in row))
