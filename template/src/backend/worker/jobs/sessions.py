"""Jobs on sessions of users."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from shared.database.models import Session
from shared.jobs import enqueue
from worker.registry import Context

# Access tokens of an ended session have expired by then, and with them its entry in Redis.
KEPT = timedelta(days=1)
BATCH = 10_000


async def purge_sessions(context: Context) -> None:
    """Delete the sessions that have expired or were revoked; auth moves the expiry of a revoked one to that time."""
    dead = select(Session.id).where(Session.expires_at < datetime.now(UTC) - KEPT).limit(BATCH)
    deleted = (await context.database.execute(delete(Session).where(Session.id.in_(dead)).returning(Session.id))).all()
    if len(deleted) == BATCH:
        enqueue(context.database, "purge_sessions")
