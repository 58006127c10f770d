"""The audit log."""

from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, column, table, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.models.base import Base, Created, UuidKey


class AuditEvent(Base):
    """An action of a user at the address `client`; without foreign keys, as the event outlives actor and subject."""

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "subject_id", "created_at"),)
    # Services may insert events, but not read them: an INSERT with RETURNING would need both rights.
    __mapper_args__ = {"eager_defaults": False}

    id: Mapped[UuidKey] = mapped_column(default=uuid4)
    created_at: Mapped[Created] = mapped_column(index=True)
    actor_id: Mapped[UUID | None] = mapped_column(index=True)
    action: Mapped[str]
    subject_id: Mapped[UUID]
    request_id: Mapped[str | None]
    client: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


# The events that owners of projects may read: a view, which services may read unlike the table.
PROJECT_EVENTS = table("project_events", *(column(each.name, each.type) for each in AuditEvent.__table__.columns))
