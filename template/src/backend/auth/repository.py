"""Database queries of the auth service."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.database.models import Session, User


class NoUserError(Exception):
    """The user was deleted."""


class Repository:
    """Users and sessions in the database."""

    def __init__(self, database: AsyncSession) -> None:
        self._database = database

    async def add_user(self, email: str, name: str, password_hash: str) -> User | None:
        """Insert a user; None if the email is already in use."""
        values = {"email": email, "name": name, "password_hash": password_hash}
        statement = insert(User).values(values).on_conflict_do_nothing(index_elements=[User.email]).returning(User)
        return await self._database.scalar(statement)

    async def user_by_email(self, email: str) -> User | None:
        """The user with this email."""
        return await self._database.scalar(select(User).where(User.email == email))

    async def user(self, user_id: UUID) -> User | None:
        """The user with this ID."""
        return await self._database.get(User, user_id)

    async def add_session(self, session: Session) -> None:
        """Insert a session."""
        self._database.add(session)
        await self._database.flush()

    async def replace_sessions(self, user_id: UUID, kept: int, now: datetime) -> dict[UUID, bool]:
        """Delete the sessions of a user, except those that were refreshed last.

        Returns the IDs, and whether the session was active; NoUserError if the user was deleted. The lock on the user
        prevents that concurrent log-ins keep more.
        """
        user = select(User.id).where(User.id == user_id).with_for_update(key_share=True)
        if await self._database.scalar(user) is None:
            raise NoUserError
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
        """Mark a session as ended."""
        session.revoked_at = now
        await self._database.flush()

    async def commit(self) -> None:
        """Commit now, which also returns the connection to the pool until the next query."""
        await self._database.commit()

    async def record_failed_login(self, user_id: UUID) -> None:
        """Add and commit an audit event if the user exists; without waiting for the disk, as that would take time."""
        await self._database.execute(text("SET LOCAL synchronous_commit = off"))
        await audit.record_of(self._database, "session.refuse", user_id)
        await self._database.commit()

    def record(self, action: str, user_id: UUID, subject_id: UUID) -> None:
        """Add an audit event."""
        audit.record(self._database, action, user_id, subject_id)
