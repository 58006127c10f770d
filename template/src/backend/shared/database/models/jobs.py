"""Background jobs, and when those with a schedule are due."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import DateTime, Index, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.models.base import Base, Created, UuidKey


class Job(Base):
    """A job that has not finished; a trigger notifies the workers of new ones.

    `due_at` is when a worker publishes it next to the queue in Redis; that moves it to when its run must have been lost
    if it has not begun. `published` counts this since the last failure, `failures` the failed runs. A job with
    `failed_at` is a dead letter, which is not published any more; `error` is the reason, or that of the last failure.
    `request_id` and `trace`, a `traceparent`, are of the request that has added the job.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("jobs_due_at_idx", "due_at", postgresql_where=text("failed_at IS NULL")),
        Index("jobs_failed_at_idx", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
    )
    # Services may insert jobs, but not read them: an INSERT with RETURNING would need both rights.
    __mapper_args__ = {"eager_defaults": False}

    id: Mapped[UuidKey] = mapped_column(default=uuid4)
    name: Mapped[str]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    request_id: Mapped[str | None]
    trace: Mapped[str | None]
    created_at: Mapped[Created]
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    published: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    failures: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    error: Mapped[str | None]
    failed_at: Mapped[datetime | None]


class Schedule(Base):
    """A job with a schedule, which workers have added for all of its times until `checked_at`."""

    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
