import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import State

from shared.database import engine as module
from shared.database.engine import create_engine
from shared.database.models import AuditEvent
from shared.jobs import enqueue
from tests.support.serving import wait_for_metrics, wait_until
from tests.support.stores import Stores
from tests.worker.conftest import Database, Work
from worker import repository
from worker.metrics import JobMetrics
from worker.registry import Context, Job, by_name
from worker.runner import Runner
from worker.settings import WorkerSettings


async def record(context: Context, subject: UUID) -> None:
    """A job with an effect in the database."""
    context.database.add(AuditEvent(action="test.run", subject_id=subject))


async def fail_once(context: Context, subject: UUID) -> None:
    """A job whose first run fails after its effect."""
    await record(context, subject)
    await context.database.flush()
    if not hasattr(context.state, "has_failed"):
        context.state.has_failed = True
        raise ValueError("planted\nsecond line")


async def fail(_context: Context) -> None:
    """A job that never succeeds; the database cannot store some characters of its error."""
    raise ValueError("planted \x00\ud800fault")


async def hang(_context: Context) -> None:
    """A job without an end."""
    await asyncio.Event().wait()


class Gate:
    """A job that begins and waits until it may end."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()

    async def wait(self, context: Context, subject: UUID) -> None:
        """Wait, then have an effect."""
        self.begun += 1
        await self.may_end.wait()
        await record(context, subject)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed and lost runs are repeated without a delay."""
    monkeypatch.setattr(repository, "RETRY_AFTER", timedelta())
    monkeypatch.setattr(repository, "LOST_AFTER", timedelta())


async def test_job_of_a_committed_transaction_runs(database: Database, work: Work) -> None:
    subject = uuid4()
    async with work(Job(record)):
        await database.finished(await database.add("record", subject=subject))
        async with AsyncSession(database.engine) as session:
            enqueue(session, "record", subject=subject)
            await session.flush()
            await session.rollback()
        await database.finished(await database.add("record", subject=subject))
        assert await database.events(subject) == ["test.run"] * 2


async def test_job_starts_at_its_time(database: Database, work: Work) -> None:
    async with work(Job(record)):
        job = await database.add("record", run_at=datetime.now(UTC) + timedelta(hours=1), subject=uuid4())
        await database.finished(await database.add("record", subject=uuid4()))
        assert (await database.row(job))["published"] == 0
        await database.execute("UPDATE jobs SET due_at = now()")
        await database.finished(job)


async def test_failed_run_has_no_effect_and_is_repeated(database: Database, work: Work, at_once: None) -> None:
    subject = uuid4()
    async with work(Job(fail_once)) as client:
        await database.finished(await database.add("fail_once", subject=subject))
        assert await database.events(subject) == ["test.run"]
        # A run is counted after its commit.
        runs = [f'job_runs_total{{job="fail_once",outcome="{each}"}} 1.0' for each in ("failed", "finished")]
        await wait_for_metrics(client, *runs)


async def test_job_is_dead_after_its_attempts(database: Database, work: Work, at_once: None) -> None:
    async with work(Job(fail, attempts=3)):
        job = await database.add("fail")
        row = await database.dead(job)
    assert (row["failures"], row["error"]) == (3, "ValueError: planted fault")


async def test_concurrent_runs_that_fail_are_counted(database: Database, worker_settings: WorkerSettings) -> None:
    engine = create_engine(worker_settings, "worker")
    job = await database.add("fail")
    are_dead = [await repository.fail(engine, job, "planted", attempts=2) for _ in range(3)]
    assert are_dead == [False, True, False]
    assert (await database.row(job))["failures"] == 2
    await engine.dispose()


async def test_delay_before_a_retry_doubles(database: Database, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "RETRY_AFTER", timedelta(hours=1))
    monkeypatch.setattr(repository, "MAX_DELAY", timedelta(hours=9))
    async with work(Job(fail)):
        job = await database.add("fail")
        for failures, lowest, highest in ((1, 0.5, 1), (2, 1, 2), (3, 2, 4), (4, 4, 8), (5, 4.5, 9)):
            row = await database.failed(job, failures)
            delay = row["due_at"] - datetime.now(UTC)
            assert timedelta(hours=lowest) - timedelta(minutes=5) < delay <= timedelta(hours=highest)
            await database.execute("UPDATE jobs SET due_at = now() WHERE id = %s", job)


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("unknown", {}, "this release has no job of this name"),
        ("record", {}, "the arguments do not fit this release: subject: Field required"),
        ("record", {"subject": "secret"}, "subject: Input should be a valid UUID"),
        ("record", {"subject": str(uuid4()), "old": 1}, "old: Extra inputs are not permitted"),
    ],
)
async def test_job_of_another_release_is_dead_with_the_reason(
    database: Database, work: Work, name: str, arguments: dict[str, Any], reason: str
) -> None:
    async with work(Job(record)):
        row = await database.dead(await database.add(name, **arguments))
    assert reason in row["error"]
    assert "secret" not in row["error"]
    assert row["failures"] == 1


async def test_job_ends_at_its_timeout(database: Database, work: Work) -> None:
    async with work(Job(hang, timeout=0.05, attempts=1)):
        row = await database.dead(await database.add("hang"))
    assert row["error"] == "no end in 0.05 s"


async def test_running_a_job_again_changes_nothing(database: Database, worker_settings: WorkerSettings) -> None:
    gate, subject = Gate(), uuid4()
    engine = create_engine(worker_settings, "worker")
    runner = Runner(engine, by_name(Job(gate.wait)), State(), JobMetrics(CollectorRegistry()))
    job = str(await database.add("wait", subject=subject))
    first = asyncio.create_task(runner.run(job))
    await wait_until(lambda: gate.begun > 0)
    await runner.run(job)
    gate.may_end.set()
    await first
    await runner.run(job)
    assert gate.begun == 1
    assert await database.events(subject) == ["test.run"]
    await engine.dispose()


async def test_job_that_redis_has_lost_is_published_again(
    database: Database, work: Work, worker_settings: WorkerSettings, at_once: None
) -> None:
    engine = create_engine(worker_settings, "worker")
    job = await database.add("record", subject=uuid4())
    assert [each.id for each in await repository.publish(engine, 1)] == [job]
    async with work(Job(record)):
        await database.finished(job)
    await engine.dispose()


async def test_jobs_run_after_all_connections_to_the_database_were_lost(
    database: Database, work: Work, own_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "LOST_AFTER", timedelta(hours=1))
    async with work(Job(record)):
        for _ in range(3):
            jobs = [await database.add("record", subject=uuid4()) for _ in range(20)]
            await asyncio.gather(*map(database.finished, jobs))
            with psycopg.connect(own_stores.admin_url, autocommit=True) as administrator:
                query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename <> %s"
                administrator.execute(query, [own_stores.database, own_stores.owner])


async def test_job_of_a_worker_that_is_frozen_runs_in_another_one(
    database: Database, work: Work, worker_settings: WorkerSettings, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.2)
    engine = create_engine(worker_settings, "worker")
    subject = uuid4()
    job = await database.add("record", subject=subject)
    async with AsyncSession(engine) as frozen:
        await repository.take(frozen, job)
        async with work(Job(record)):
            await database.finished(job)
        with pytest.raises(DBAPIError):
            await frozen.execute(text("SELECT 1"))
        await frozen.rollback()
    assert await database.events(subject) == ["test.run"]
    await engine.dispose()


async def test_job_may_be_idle_until_its_timeout(
    database: Database, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def allowed(context: Context, subject: UUID) -> None:
        query = text("SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'")
        context.database.add(AuditEvent(action=await context.database.scalar(query), subject_id=subject))

    for timeout, expected in ((30, "60000"), (600, "660000")):
        subject = uuid4()
        async with work(Job(allowed, timeout=timeout)):
            await database.finished(await database.add("allowed", subject=subject))
        assert await database.events(subject) == [expected]


async def test_job_that_never_ends_its_run_is_dead(
    database: Database, worker_settings: WorkerSettings, at_once: None
) -> None:
    engine = create_engine(worker_settings, "worker")
    job = await database.add("record", subject=uuid4())
    published = [(await repository.publish(engine, 1))[0].is_dead for _ in range(repository.MAX_PUBLISHED + 1)]
    assert published == [False] * repository.MAX_PUBLISHED + [True]
    assert await repository.publish(engine, 1) == []
    assert (await database.dead(job))["error"] == repository.NOT_FINISHED
    await engine.dispose()


async def test_workers_publish_different_jobs(database: Database, worker_settings: WorkerSettings) -> None:
    engine = create_engine(worker_settings, "worker")
    added = [await database.add("record", subject=uuid4()) for _ in range(20)]
    found = await asyncio.gather(*(repository.publish(engine, 5) for _ in range(4)))
    assert sorted(each.id for part in found for each in part) == sorted(added)
    await engine.dispose()
