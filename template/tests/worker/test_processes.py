"""Workers as processes: killed, stopped, and without Redis."""

import asyncio
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.models import Session, User
from tests.support.processes import ServiceProcess, memory_of, run_service
from tests.support.serving import free_port
from tests.support.stores import Stores, wait_until_locked
from tests.worker.conftest import Database
from tests.worker.test_exports import EVENTS


@pytest.fixture
def own_environment(environment: dict[str, str], own_stores: Stores) -> dict[str, str]:
    """Settings of workers as processes."""
    own = {"DATABASE_URL": own_stores.database_url, "REDIS_PREFIX": own_stores.redis_prefix}
    return {**environment, **own, "SHUTDOWN_TIMEOUT": "0.5"}


def run_worker(settings: Mapping[str, str], folder: Path) -> AbstractContextManager[ServiceProcess]:
    """Start a worker; stop it on exit."""
    return run_service("worker", free_port(), settings, folder)


@pytest.fixture
async def dead_session(database: Database) -> UUID:
    """A session that the job `purge_sessions` deletes."""
    user, session, time = uuid4(), uuid4(), datetime.now(UTC) - timedelta(days=2)
    async with AsyncSession(database.engine) as added, added.begin():
        added.add(User(id=user, email=f"{user}@example.org", name="x", password_hash="x"))
        await added.flush()
        added.add(Session(id=session, user_id=user, family_hash=bytes(32), token_hash=bytes(32), expires_at=time))
    return session


@pytest.fixture
def lock(own_stores: Stores, dead_session: UUID) -> Iterator[psycopg.Connection]:
    """A connection that locks the session, so that the job waits until it is closed."""
    with psycopg.connect(own_stores.database_url) as connection:
        connection.execute("SELECT FROM sessions WHERE id = %s FOR UPDATE", [dead_session])
        yield connection


async def test_killed_worker_loses_no_job(
    database: Database, own_stores: Stores, own_environment: dict[str, str], lock: psycopg.Connection, tmp_path: Path
) -> None:
    running = await database.add("purge_sessions")
    with run_worker(own_environment, tmp_path) as killed:
        await wait_until_locked(own_stores)
        os.kill(killed.popen.pid, signal.SIGKILL)
        killed.popen.wait()
    # One is committed when there is no worker; the lock of the other ends with the statement of the killed one.
    await database.add("purge_sessions")
    assert (await database.row(running))["published"] == 1
    await database.execute("UPDATE jobs SET due_at = now() WHERE id = %s", running)
    lock.close()
    with run_worker(own_environment, tmp_path):
        await database.drained()
    assert await database.values("SELECT id FROM sessions") == []


async def test_stopped_worker_finishes_its_job(
    database: Database, own_stores: Stores, own_environment: dict[str, str], lock: psycopg.Connection, tmp_path: Path
) -> None:
    await database.add("purge_sessions")
    with run_worker({**own_environment, "SHUTDOWN_TIMEOUT": "30"}, tmp_path) as stopped:
        await wait_until_locked(own_stores)
        stopped.popen.terminate()
        lock.close()
        assert stopped.popen.wait(30) == 0
    await database.drained()


async def test_stopped_worker_leaves_a_job_that_takes_too_long_to_others(
    database: Database, own_stores: Stores, own_environment: dict[str, str], lock: psycopg.Connection, tmp_path: Path
) -> None:
    job = await database.add("purge_sessions")
    with run_worker(own_environment, tmp_path) as stopped:
        await wait_until_locked(own_stores)
        assert stopped.stop() == 0
        assert [event["outcome"] for event in stopped.events() if event.get("job")] == ["cancelled"]
    assert (await database.row(job))["failures"] == 0
    # As if the worker had waited for longer than that.
    await database.execute("UPDATE jobs SET due_at = now()")
    lock.close()
    with run_worker(own_environment, tmp_path):
        await database.drained()


async def test_export_of_many_events_needs_little_memory(
    database: Database, own_environment: dict[str, str], tmp_path: Path
) -> None:
    project, export = uuid4(), uuid4()
    await database.execute("INSERT INTO projects (id, name) VALUES (%s, 'Apollo')", project)
    await database.execute("INSERT INTO audit_exports (id, project_id) VALUES (%s, %s)", export, project)
    await database.execute(EVENTS, project, 200_000)
    with run_worker(own_environment, tmp_path) as worker:
        worker.wait_until_ready()
        before = peak = memory_of(worker)
        job = await database.add("export_audit_events", export_id=export)
        while await database.row(job):
            peak = max(peak, memory_of(worker))
            await asyncio.sleep(0.05)
    assert await database.values("SELECT events FROM audit_exports") == [200_000]
    assert peak - before < 64 * 1024
