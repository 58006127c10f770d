"""Fixtures: a database and a queue without other workers, and the jobs in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from auth.settings import AuthSettings
from shared.database.engine import create_engine
from shared.jobs import enqueue
from tests.conftest import SIGNING_KEY
from tests.support.clients import client_of
from tests.support.serving import TIMEOUT_SECONDS
from tests.support.stores import Stores, clone
from worker.app import create_app
from worker.registry import by_name
from worker.settings import WorkerSettings


@dataclass
class Database:
    """The database of the tests, in which the auth service adds jobs."""

    engine: AsyncEngine
    connection: AsyncConnection[DictRow]

    async def add(self, name: str, **arguments: Any) -> UUID:
        """Add a job."""
        async with AsyncSession(self.engine) as session, session.begin():
            return enqueue(session, name, **arguments)

    async def execute(self, query: str, *values: Any) -> None:
        """Run a statement as the owner."""
        await self.connection.execute(query, values)

    async def row(self, job_id: UUID) -> dict[str, Any]:
        """The columns of a job, without values if it has finished."""
        found = await self.connection.execute("SELECT * FROM jobs WHERE id = %s", [job_id])
        return await found.fetchone() or {}

    async def values(self, query: str, *values: Any) -> list[Any]:
        """The only column of a query of the owner."""
        found = await self.connection.execute(query, values)
        return [next(iter(row.values())) for row in await found.fetchall()]

    async def events(self, subject: UUID) -> list[str]:
        """The actions of the audit events on a subject."""
        return await self.values("SELECT action FROM audit_events WHERE subject_id = %s", subject)

    async def drained(self) -> None:
        """Return when all jobs have finished, except those for later: the schedule adds some a minute ahead."""
        query = "SELECT id FROM jobs WHERE published > 0 OR failures > 0 OR due_at <= now()"
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                if not await self.values(query):
                    return
                await asyncio.sleep(0.01)

    async def until(self, job_id: UUID, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The columns of the job when the condition is true."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                if condition(row := await self.row(job_id)):
                    return row
                await asyncio.sleep(0.01)

    async def finished(self, job_id: UUID) -> None:
        """Return when the job has finished."""
        await self.until(job_id, lambda row: not row)

    async def failed(self, job_id: UUID, failures: int) -> dict[str, Any]:
        """The columns of the job when so many runs have failed."""
        return await self.until(job_id, lambda row: row["failures"] == failures)

    async def dead(self, job_id: UUID) -> dict[str, Any]:
        """The columns of the job when it is a dead letter."""
        return await self.until(job_id, lambda row: row["failed_at"])


@pytest.fixture(scope="module")
def own_stores(migrated_stores: Stores, worker_id: str) -> Iterator[Stores]:
    """A database and a Redis prefix that no other worker of the application uses."""
    with clone(migrated_stores, f"{worker_id}_jobs") as own:
        yield own


@pytest.fixture(scope="module")
def own_common(common: dict[str, Any], own_stores: Stores) -> dict[str, Any]:
    """Settings of services that use them."""
    return {**common, "database_url": own_stores.database_url, "redis_prefix": own_stores.redis_prefix}


@pytest.fixture(scope="module")
def worker_settings(own_common: dict[str, Any]) -> WorkerSettings:
    """Settings of the worker."""
    return WorkerSettings(**own_common)


@pytest.fixture
async def database(own_common: dict[str, Any], own_stores: Stores) -> AsyncIterator[Database]:
    """The database without jobs."""
    engine = create_engine(AuthSettings(**own_common, auth_signing_key=SIGNING_KEY), "auth")
    async with await AsyncConnection.connect(own_stores.database_url, autocommit=True, row_factory=dict_row) as owner:
        await owner.execute("TRUNCATE jobs, users, projects, audit_events, registrations CASCADE")
        yield Database(engine, owner)
    await engine.dispose()


Work = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def work(worker_settings: WorkerSettings) -> Work:
    """A function that runs a worker with these jobs, and yields a client of it."""
    return lambda *jobs: client_of(create_app(worker_settings, by_name(*jobs)))
