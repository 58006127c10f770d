"""Projects and who may do what in them."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.models.base import Base, Created, Stamped, UuidKey


class Role(StrEnum):
    """What a member may do, each more than the one before."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


class Project(Stamped, Base):
    """Something that its members work on."""

    __tablename__ = "projects"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name_length"),
        CheckConstraint("length(description) <= 10000", name="description_length"),
    )

    id: Mapped[UuidKey]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")


class Membership(Base):
    """A user's role in a project; the index is in the order in which a user's projects are listed."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'editor', 'owner')", name="role"),
        Index(None, "user_id", "created_at", "project_id"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]
    created_at: Mapped[Created]
