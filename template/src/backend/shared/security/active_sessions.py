"""Active sessions in Redis, so that an access token is rejected as soon as its session ends."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from redis.asyncio import Redis

from shared.security.tokens import CLOCK_SKEW


class ActiveSessions:
    """A copy of the active sessions in the database; an entry that Redis has lost is restored by the next refresh.

    An entry expires together with the last access token of its session, also when Redis has missed its removal.
    """

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = f"{prefix}session:"

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
        owner: object = await self._redis.get(self._key(session_id))
        return owner == str(user_id)

    def _key(self, session_id: UUID) -> str:
        return f"{self._prefix}{session_id}"
