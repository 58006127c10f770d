"""Dependency: one database transaction per request."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.database.pending import check_migrated


async def open_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Dependency: a session that is committed when the endpoint returns, and rolled back when it raises.

    An error because of a missing migration is reported as such.
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


# Scope "function" commits before the response is sent, so that a failed commit is not reported as a success.
DatabaseSession = Annotated[AsyncSession, Depends(open_session, scope="function")]
