"""Invitations of email addresses to projects."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.models.base import Base, Created, UuidKey


class Invitation(Base):
    """The role in a project that the user with an address may take, as long as the inviter is one of its owners.

    The worker sets `token_hash` when it sends the mail; the link of an earlier mail is then invalid.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'editor', 'owner')", name="role"),
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash_length"),
        UniqueConstraint("project_id", "email"),
        Index(None, "email", "created_at", "id"),
    )

    id: Mapped[UuidKey]
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    email: Mapped[str]
    role: Mapped[str]
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Created]
    expires_at: Mapped[datetime] = mapped_column(index=True)
