"""People and the sessions in which they are logged in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.models.base import Base, Created, Stamped, UuidKey


class User(Stamped, Base):
    """A person with a password; the email is stored in lower case, so that it is unique whatever its case."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name_length"),
    )

    id: Mapped[UuidKey]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]


class Session(Base):
    """A login that refresh tokens prolong until it ends or is revoked; of the tokens only hashes are stored.

    `family_hash` is of the part that all refresh tokens of the session share, `token_hash` of the part that each has
    for itself: a token of the right family that is not the newest has been used before.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("octet_length(family_hash) = 32", name="family_hash_length"),
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash_length"),
    )

    id: Mapped[UuidKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    family_hash: Mapped[bytes] = mapped_column(LargeBinary)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Created]
    refreshed_at: Mapped[Created]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
