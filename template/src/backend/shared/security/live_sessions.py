"""The sessions that are not logged out, in Redis, so that the access tokens of the others are refused at once."""

from datetime import timedelta
from uuid import UUID

from redis.asyncio import Redis


class LiveSessions:
    """Mirrors the sessions of the database; what is lost here comes back when the session is refreshed."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = f"{prefix}session:"

    async def open(self, session_id: UUID, user_id: UUID, lifetime: timedelta) -> None:
        """Let the session's tokens pass, for at most this long."""
        await self._redis.set(f"{self._prefix}{session_id}", str(user_id), ex=lifetime)

    async def close(self, session_id: UUID) -> None:
        """Refuse the session's tokens from now on."""
        await self._redis.delete(f"{self._prefix}{session_id}")

    async def is_live(self, session_id: UUID, user_id: UUID) -> bool:
        """Whether the user's session still is open."""
        owner: object = await self._redis.get(f"{self._prefix}{session_id}")
        return owner == str(user_id)
