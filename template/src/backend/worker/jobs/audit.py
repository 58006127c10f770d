"""The job that deletes expired audit events."""

from sqlalchemy import func, select

from shared.jobs import enqueue
from worker.registry import Context

BATCH = 10_000


async def purge_audit_events(context: Context) -> None:
    """Delete the audit events that are older than the setting; a function of the owner has the right to it."""
    days = context.state.settings.audit_retention_days
    if await context.database.scalar(select(func.delete_audit_events(days, BATCH))) == BATCH:
        enqueue(context.database, "purge_audit_events")
