"""Audit log: records who did what, in the same transaction, and logs it at every level when that is committed."""

import logging
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import event, insert, literal, select, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

from shared.database.models import AuditEvent, User
from shared.database.pending import check_migrated
from shared.request_id import current_address, current_request_id, current_user_agent

# In the `info` of a session: the events of its transaction.
PENDING = "audit"

# Whatever the level of the environment.
log = structlog.wrap_logger(None, wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET))


@event.listens_for(Session, "after_commit")
def _log_events(session: Session) -> None:
    """Without details, which may have names and mail addresses."""
    for fields in session.info.pop(PENDING, ()):
        log.info("audit", **fields)


@event.listens_for(Session, "after_rollback")
def _forget_events(session: Session) -> None:
    session.info.pop(PENDING, None)


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
    _remember(session, action, actor_id, subject_id)


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
    connection = await session.connection()
    inserted = await connection.execute(
        insert(AuditEvent).from_select(list(values), select(*values.values()).where(User.id == user_id)),
        execution_options={"preserve_rowcount": True},
    )
    if inserted.rowcount > 0:
        _remember(session, action, user_id, user_id)


def _remember(session: AsyncSession, action: str, actor_id: UUID, subject_id: UUID) -> None:
    fields = {"action": action, "actor_id": str(actor_id), "subject_id": str(subject_id)}
    session.info.setdefault(PENDING, []).append(fields)


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
