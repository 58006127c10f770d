"""Active sessions in Redis, so that an access token is rejected as soon as its session ends."""

from datetime import timedelta
from uuid import UUID

from redis.asyncio import Redis


class ActiveSessions:
    """A copy of the active sessions in the database; an entry that Redis has lost is restored by the next refresh."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = f"{prefix}session:"

    async def add(self, session_id: UUID, user_id: UUID, lifetime: timedelta) -> None:
        """Add a session, or extend its lifetime."""
        await self._redis.set(f"{self._prefix}{session_id}", str(user_id), ex=lifetime)

    async def remove(self, session_id: UUID) -> None:
        """Remove a session; its access tokens are rejected from now on."""
        await self._redis.delete(f"{self._prefix}{session_id}")

    async def is_active(self, session_id: UUID, user_id: UUID) -> bool:
        """Whether the session exists and belongs to the user."""
        owner: object = await self._redis.get(f"{self._prefix}{session_id}")
        return owner == str(user_id)
