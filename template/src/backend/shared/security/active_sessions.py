"""Active sessions in Redis, so that an access token is rejected as soon as its session ends."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.models import Session
from shared.redis import BestEffort, RedisSettings
from shared.security.tokens import CLOCK_SKEW


class ActiveSessions:
    """A copy of the active sessions in the database; an entry that Redis has lost is restored by the next refresh.

    An entry expires together with the last access token of its session, also when Redis has missed its removal. While
    Redis is away, sessions are looked up in the database; without an engine, that is an error of Redis.
    """

    def __init__(self, redis: Redis, settings: RedisSettings, engine: AsyncEngine | None = None) -> None:
        self._redis = redis
        self._prefix = f"{settings.redis_prefix}session:"
        self._lookups = BestEffort("sessions are looked up in the database", settings.redis_timeout)
        self._engine = engine

    async def add(self, session_id: UUID, user_id: UUID, token_lifetime: timedelta, ended: Iterable[UUID] = ()) -> None:
        """Add a session for the lifetime of an access token, or extend it; remove those that have ended."""
        async with self._redis.pipeline(transaction=False) as commands:
            commands.set(self._key(session_id), str(user_id), px=token_lifetime + CLOCK_SKEW)
            for each in ended:
                commands.delete(self._key(each))
            await commands.execute()

    async def remove(self, *session_ids: UUID) -> None:
        """Remove sessions; their access tokens are rejected from now on."""
        if session_ids:
            await self._redis.delete(*map(self._key, session_ids))

    async def is_active(self, session_id: UUID, user_id: UUID) -> bool:
        """Whether the session exists and belongs to the user."""
        if self._engine is None:
            return bool(await self._redis.get(self._key(session_id)) == str(user_id))
        found = await self._lookups.run(lambda: self._redis.mget(self._key(session_id)))
        if found is not None:
            return found == [str(user_id)]
        is_active = (Session.revoked_at.is_(None), Session.expires_at > func.now())
        query = select(Session.id).where(Session.id == session_id, Session.user_id == user_id, *is_active)
        async with self._engine.connect() as connection:
            return await connection.scalar(query) is not None

    def _key(self, session_id: UUID) -> str:
        return f"{self._prefix}{session_id}"
