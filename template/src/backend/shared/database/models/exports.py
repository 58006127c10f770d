"""Exports of audit events, which the worker writes and owners of projects download."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.models.base import Base, Created, UuidKey


class AuditExport(Base):
    """The latest export of the audit events of a project: gzip-compressed NDJSON; unfinished without `finished_at`."""

    __tablename__ = "audit_exports"

    id: Mapped[UuidKey] = mapped_column(default=uuid4)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), unique=True)
    created_at: Mapped[Created]
    finished_at: Mapped[datetime | None]
    events: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(BigInteger)


class AuditExportPart(Base):
    """A part of the bytes of an export; numbers count from 0."""

    __tablename__ = "audit_export_parts"

    export_id: Mapped[UUID] = mapped_column(ForeignKey("audit_exports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
