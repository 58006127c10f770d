"""Audit log: records who did what, in the same transaction."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert, literal, select, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.database.models import AuditEvent, User
from shared.database.pending import check_migrated
from shared.request_id import current_address, current_request_id, current_user_agent


def record(session: AsyncSession, action: str, actor_id: UUID, subject_id: UUID, **details: Any) -> None:
    """Add an event, such as `project.delete`; `details` must be JSON serializable."""
    session.add(
        AuditEvent(
            action=action,
            actor_id=actor_id,
            subject_id=subject_id,
            request_id=current_request_id(),
            client=current_address(),
            user_agent=current_user_agent(),
            details=details,
        )
    )


async def record_of(session: AsyncSession, action: str, user_id: UUID) -> None:
    """Add an event whose actor and subject is this user, if it exists, in one statement."""
    values = {
        "action": literal(action),
        "actor_id": User.id,
        "subject_id": User.id,
        "request_id": literal(current_request_id()),
        "client": literal(current_address(), INET),
        "user_agent": literal(current_user_agent()),
    }
    await session.execute(
        insert(AuditEvent).from_select(list(values), select(*values.values()).where(User.id == user_id))
    )


async def check_writable(engine: AsyncEngine) -> None:
    """Raise unless the database is migrated and accepts writes: it may be read-only, or its disk full.

    Inserts an event, as every change does, and rolls it back. An insert needs no space on the disk as long as a page of
    the table has some, so a query that needs a temporary file checks the space.
    """
    await check_migrated(engine)
    async with engine.connect() as connection:
        await connection.execute(insert(AuditEvent).values(action="health", subject_id=UUID(int=0)).inline())
        await connection.execute(text("SET LOCAL work_mem = '64kB'"))
        await connection.execute(text("SELECT count(*) FROM generate_series(1, 20000)"))
        await connection.rollback()
