"""Projects and memberships."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.models.base import Base, Created, Timestamps, UuidKey


class Role(StrEnum):
    """The role of a member: viewers read, editors also change, owners also delete and manage members."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


class Project(Timestamps, Base):
    """A project."""

    __tablename__ = "projects"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name_length"),
        CheckConstraint("length(description) <= 10000", name="description_length"),
    )

    id: Mapped[UuidKey]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")


class Membership(Base):
    """The role of a user in a project; the index has the order in which the projects of a user are listed."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'editor', 'owner')", name="role"),
        Index(None, "user_id", "created_at", "project_id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]
    created_at: Mapped[Created]
