"""Database queries of the auth service."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import and_, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from shared import audit
from shared.database.models import AccountToken, Purpose, Registration, Session, User
from shared.database.session import CachedSession
from shared.jobs import enqueue


class ReleasedProject(NamedTuple):
    """A project of a user who is to be deleted; without an owner afterwards if `is_unowned`."""

    id: UUID
    name: str
    is_unowned: bool


class Repository:
    """Users and sessions in the database."""

    def __init__(self, database: CachedSession) -> None:
        self._database = database

    async def add_user(self, email: str, name: str, password_hash: str) -> User | None:
        """Insert a user; None if the email is already in use."""
        values = {"email": email, "name": name, "password_hash": password_hash}
        statement = insert(User).values(values).on_conflict_do_nothing(index_elements=[User.email]).returning(User)
        return await self._database.scalar(statement)

    def add_registration(self, email: str, name: str, password_hash: str) -> UUID:
        """Insert a registration and return its ID; the same statements for known and unknown addresses."""
        registration = Registration(id=uuid4(), email=email, name=name, password_hash=password_hash)
        self._database.add(registration)
        return registration.id

    async def registration(self, registration_id: UUID) -> Registration | None:
        """The registration with this ID."""
        return await self._database.get(Registration, registration_id)

    async def delete_registrations(self, email: str) -> None:
        """Delete all registrations of an address, with their tokens."""
        await self._database.execute(delete(Registration).where(Registration.email == email))

    async def token(self, token: str, purpose: Purpose, now: datetime) -> AccountToken | None:
        """The token of a mailed link, unless it has expired."""
        found = await self._database.get(AccountToken, hashlib.sha256(token.encode()).digest())
        return found if found and found.purpose == purpose and found.expires_at > now else None

    async def change_credentials(self, user: User, *, password_hash: str = "", email: str = "") -> bool:
        """Change the password or the email of a locked user, and invalidate its mailed links; False if it is taken."""
        user.password_hash, user.email = password_hash or user.password_hash, email or user.email
        user.account_version += 1
        try:
            await self._database.flush()
        except IntegrityError:
            return False
        await self._database.execute(delete(AccountToken).where(AccountToken.user_id == user.id))
        return True

    def mail_verification(self, email: str, registration_id: UUID | None = None) -> None:
        """Mail the link of this or the latest registration, or the notice that there is an account."""
        enqueue(self._database, "mail_verification", email=email, registration_id=registration_id)

    def mail_password_reset(self, email: str) -> None:
        """Mail a link with which a user with this address chooses a new password."""
        enqueue(self._database, "mail_password_reset", email=email)

    def mail_email_change(self, user_id: UUID, email: str) -> None:
        """Mail the link that confirms a new address."""
        enqueue(self._database, "mail_email_change", user_id=user_id, email=email)

    def mail_notice(self, email: str, notice: Literal["password", "email"]) -> None:
        """Mail that the password or the address was changed."""
        enqueue(self._database, "mail_notice", email=email, notice=notice)

    async def user_by_email(self, email: str) -> User | None:
        """The user with this email."""
        query = select(User).where(User.email == email).execution_options(populate_existing=True)
        return await self._database.scalar(query)

    async def user(self, user_id: UUID) -> User | None:
        """The user with this ID."""
        return await self._database.get(User, user_id)

    async def add_session(self, session: Session) -> None:
        """Insert a session."""
        self._database.add(session)
        await self._database.flush()

    async def lock_user(self, user: User, *, key: bool = False) -> bool:
        """Lock a user until the end of the transaction; False if its password or email was changed, or it was deleted.

        With `key`, this also blocks new sessions and memberships of the user.
        """
        unchanged = (User.password_hash == user.password_hash, User.account_version == user.account_version)
        query = select(User.id).where(User.id == user.id, *unchanged)
        return await self._database.scalar(query.with_for_update(key_share=not key)) is not None

    async def flush(self) -> None:
        """Flush changes, which also loads values that the database generates."""
        await self._database.flush()

    async def release_projects(self, user_id: UUID, *, delete_unowned: bool) -> list[ReleasedProject]:
        """The projects of a user, locked; deletes those that nobody else owns, if requested."""
        statement = select(text("*")).select_from(func.release_projects(user_id, delete_unowned))
        released = [ReleasedProject(*row) for row in await self._database.execute(statement)]
        self._database.mark_changed(user_id, *(each.id for each in released))
        return released

    async def delete_user(self, user: User) -> None:
        """Delete a user with its sessions and memberships."""
        await self._database.delete(user)
        await self._database.flush()

    async def sessions(self, user_id: UUID, now: datetime) -> Sequence[Session]:
        """The active sessions of a user, latest refresh first."""
        query = select(Session).where(
            Session.user_id == user_id, Session.revoked_at.is_(None), Session.expires_at > now
        )
        return (await self._database.scalars(query.order_by(Session.refreshed_at.desc(), Session.id))).all()

    async def lock_sessions(self, user_id: UUID, expired_before: datetime) -> Sequence[Session]:
        """The sessions of a user that had not expired then, locked until the end of the transaction."""
        query = select(Session).where(Session.user_id == user_id, Session.expires_at > expired_before)
        return (await self._database.scalars(query.order_by(Session.id).with_for_update())).all()

    async def replace_sessions(self, user_id: UUID, kept: int, now: datetime) -> dict[UUID, bool]:
        """Delete the sessions of a user, which must be locked, except those that were refreshed last.

        Returns the IDs, and whether the session was active.
        """
        is_active = and_(Session.revoked_at.is_(None), Session.expires_at > now)
        newest = select(Session.id).where(Session.user_id == user_id, is_active)
        newest = newest.order_by(Session.refreshed_at.desc(), Session.id).limit(kept)
        query = delete(Session).where(Session.user_id == user_id, Session.id.not_in(newest))
        rows = await self._database.execute(query.returning(Session.id, is_active))
        return dict(rows.all())

    async def lock_session(self, session_id: UUID) -> Session | None:
        """The session, locked until the end of the transaction."""
        return await self._database.get(Session, session_id, with_for_update=True)

    async def revoke(self, session: Session, now: datetime) -> None:
        """Mark a session as ended; the worker deletes it some time after its expiry."""
        session.revoked_at = session.expires_at = now
        await self._database.flush()

    async def commit(self) -> None:
        """Commit now, which also returns the connection to the pool until the next query."""
        await self._database.commit()

    async def record_refusal(self, action: str, user_id: UUID) -> None:
        """Add and commit an audit event if the user exists; without waiting for the disk, as that would take time."""
        await self._database.execute(text("SET LOCAL synchronous_commit = off"))
        await audit.record_of(self._database, action, user_id)
        await self._database.commit()

    def record(self, action: str, actor_id: UUID, subject_id: UUID, **details: Any) -> None:
        """Add an audit event."""
        audit.record(self._database, action, actor_id, subject_id, **details)
