"""Jobs that delete expired audit events and dead letters."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select

from shared.database.models import Job
from shared.jobs import enqueue
from worker.registry import Context

BATCH = 10_000
# Of dead letters: enough to notice them and to correct the cause, but their arguments may be personal data.
KEPT = timedelta(days=30)


async def purge_audit_events(context: Context) -> None:
    """Delete the audit events that are older than the setting; a function of the owner has the right to it."""
    days = context.state.settings.audit_retention_days
    if await context.database.scalar(select(func.delete_audit_events(days, BATCH))) == BATCH:
        enqueue(context.database, "purge_audit_events")


async def purge_dead_letters(context: Context) -> None:
    """Delete the jobs that have failed for good long ago."""
    dead = select(Job.id).where(Job.failed_at < datetime.now(UTC) - KEPT).limit(BATCH)
    deleted = (await context.database.execute(delete(Job).where(Job.id.in_(dead)).returning(Job.id))).all()
    if len(deleted) == BATCH:
        enqueue(context.database, "purge_dead_letters")
