"""Users and their sessions."""

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.models.base import Base, Created, Timestamps, UuidKey


class User(Timestamps, Base):
    """A user; the email is stored in lower case, so that it is unique regardless of case."""

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
    """A login session, extended with refresh tokens until it expires or is revoked.

    Only hashes of tokens are stored: `family_hash` of the part that all refresh tokens of the session share, and
    `token_hash` of the unique part of the latest one. A token with the right family and another unique part was
    already used. `client` and `user_agent` are those of the last log-in or refresh.
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
    client: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
