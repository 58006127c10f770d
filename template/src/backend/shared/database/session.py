"""Dependency: one database transaction per request."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from psycopg.errors import ForeignKeyViolation
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.database.pending import check_migrated
from shared.security.authentication import unauthorized

# Foreign keys of rows that belong to the current user.
OWNER_KEYS = frozenset({"memberships_user_id_fkey", "sessions_user_id_fkey"})


async def open_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Dependency: a session that is committed when the endpoint returns, and rolled back when it raises.

    An error because of a missing migration is reported as such, one because the current user was deleted is a 401.
    """
    engine: AsyncEngine = request.app.state.engine
    try:
        async with AsyncSession(engine, expire_on_commit=False) as session:
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
DatabaseSession = Annotated[AsyncSession, Depends(open_session, scope="function")]
