"""Audit log: records who did what, in the same transaction."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.models import AuditEvent
from shared.request_id import current_request_id


def record(session: AsyncSession, action: str, actor_id: UUID, subject_id: UUID, **details: Any) -> None:
    """Add an event, such as `project.delete`; `details` must be JSON serializable."""
    session.add(
        AuditEvent(
            action=action,
            actor_id=actor_id,
            subject_id=subject_id,
            request_id=current_request_id(),
            details=details,
        )
    )
