"""Dependency: one database transaction per request, whose commit also ends the use of cached values."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from psycopg.errors import ForeignKeyViolation
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.cache import Cache, Value
from shared.database.pending import check_migrated
from shared.security.authentication import unauthorized

# Foreign keys of rows that belong to the current user.
OWNER_KEYS = frozenset({"memberships_user_id_fkey", "sessions_user_id_fkey", "invitations_invited_by_fkey"})


class CachedSession(AsyncSession):
    """A session that reads values from the cache, and makes them obsolete when it commits changes."""

    def __init__(self, engine: AsyncEngine, cache: Cache) -> None:
        super().__init__(engine, expire_on_commit=False)
        self._cache = cache
        self._changed: set[UUID] = set()

    async def cached(
        self, kind: type[Value], *sources: UUID, load: Callable[[], Awaitable[Value | None]]
    ) -> Value | None:
        """A value made of rows with these IDs; `load` reads it from the database unless it is cached."""
        if self._changed:
            # The values of a transaction that may be rolled back are not for others.
            return await load()
        return await self._cache.get(kind, sources, load)

    def mark_changed(self, *sources: UUID) -> None:
        """Make cached values obsolete with the next commit: those made of rows with these IDs.

        The ID of a project that is changed or deleted, also by a change of its members; that of a user who is deleted.
        """
        self._changed.update(sources)

    async def commit(self) -> None:
        """Commit; afterwards, no process uses a value that has become obsolete."""
        # Errors of statements before the values are marked: only the commit itself takes place in that time.
        await self.flush()
        changed, self._changed = self._changed, set()
        if changed:
            await self._cache.commit(changed, super().commit)
        else:
            await super().commit()


async def open_session(request: Request) -> AsyncIterator[CachedSession]:
    """Dependency: a session that is committed when the endpoint returns, and rolled back when it raises.

    An error because of a missing migration is reported as such, one because the current user was deleted is a 401.
    """
    engine: AsyncEngine = request.app.state.engine
    try:
        async with CachedSession(engine, request.app.state.cache) as session:
            yield session
            await session.commit()
    except ProgrammingError:
        # Mostly a missing table or column.
        await check_migrated(engine)
        raise
    except IntegrityError as error:
        if violates(error, OWNER_KEYS):
            raise unauthorized("This user no longer exists") from error
        raise


def violates(error: IntegrityError, foreign_keys: frozenset[str]) -> bool:
    """Whether a row refers to one that does not exist, by one of these foreign keys."""
    return isinstance(error.orig, ForeignKeyViolation) and error.orig.diag.constraint_name in foreign_keys


# Scope "function" commits before the response is sent, so that a failed commit is not reported as a success.
DatabaseSession = Annotated[CachedSession, Depends(open_session, scope="function")]
