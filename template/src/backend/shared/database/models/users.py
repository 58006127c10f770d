"""Users, their registrations and sessions, and the tokens of mailed links."""

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.models.base import Base, Created, Timestamps, UuidKey


class User(Timestamps, Base):
    """A user; the email is stored in lower case, so that it is unique regardless of case.

    `account_version` changes with the password and the email address, so that older links are invalid.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("length(name) BETWEEN 1 AND 200", name="name_length"),
    )

    id: Mapped[UuidKey]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    account_version: Mapped[int] = mapped_column(server_default=text("0"))


class Registration(Base):
    """A user to be, until the mailed link is used; there may be several with the same email address."""

    __tablename__ = "registrations"

    id: Mapped[UuidKey] = mapped_column(default=uuid4)
    email: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    created_at: Mapped[Created]


class Purpose(StrEnum):
    """What the token of a mailed link can do."""

    VERIFY = "verify"
    RESET = "reset"
    CHANGE_EMAIL = "change_email"


class AccountToken(Base):
    """The hash of the token of a mailed link, for a registration or a user whose account has this version."""

    __tablename__ = "account_tokens"
    __table_args__ = (
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash_length"),
        CheckConstraint("purpose IN ('verify', 'reset', 'change_email')", name="purpose"),
        CheckConstraint("num_nonnulls(registration_id, user_id) = 1", name="owner"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[str]
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registrations.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    account_version: Mapped[int | None]
    email: Mapped[str | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


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
