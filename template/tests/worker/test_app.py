"""Health checks, metrics and the schedule of the worker."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from psycopg import sql
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy.exc import OperationalError

from shared.database.engine import create_engine
from shared.database.roles import login_role
from tests.support.clients import client_of
from tests.support.serving import TIMEOUT_SECONDS, wait_for_metrics, wait_for_status, wait_until
from tests.support.stores import PRIMARY, REPLICA, Stores
from tests.worker.conftest import Database, Work
from tests.worker.test_runs import Gate, fail, record
from worker import app, repository
from worker.jobs import JOBS
from worker.registry import Context, Job, by_name
from worker.schedule import Scheduler
from worker.settings import WorkerSettings


async def test_worker_is_ready_and_counts_jobs(database: Database, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "COUNT_SECONDS", 0.01)
    async with work(Job(fail, attempts=1)) as client:
        assert (await client.get("/health/detailed")).json()["status"] == "ok"
        await database.dead(await database.add("fail"))
        await database.dead(await database.add("unknown"))
        await database.add("fail", run_at=datetime(2100, 1, 1, tzinfo=UTC))
        await wait_for_metrics(
            client,
            "jobs_dead 2.0",
            "jobs_queued 1.0",
            "jobs_running 0.0",
            "jobs_failed 0.0",
            "jobs_oldest_age_seconds 0.0",
            'job_runs_total{job="fail",outcome="dead"} 1.0',
            'job_runs_total{job="unknown",outcome="dead"} 1.0',
            'job_duration_seconds_count{job="fail"} 1.0',
        )


async def test_jobs_wait_while_redis_refuses_writes(
    database: Database,
    worker_settings: WorkerSettings,
    own_redis_url: str,
    own_redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app, "FAILED_SECONDS", 0.5)
    monkeypatch.setattr(app, "RESTART_SECONDS", 0.1)
    settings = worker_settings.model_copy(update={"redis_url": SecretStr(own_redis_url)})
    async with client_of(app.create_app(settings, by_name(Job(record)))) as client:
        await own_redis.replicaof(*REPLICA)
        await wait_for_status(client, "/health/detailed", 503)
        job = await database.add("record", subject=uuid4())
        await own_redis.replicaof(*PRIMARY)
        await database.finished(job)
        await wait_for_status(client, "/health/detailed", 200)


async def test_jobs_are_counted_by_state_in_all_workers(
    database: Database, work: Work, worker_settings: WorkerSettings
) -> None:
    gate = Gate()
    engine = create_engine(worker_settings, "worker")
    async with work(Job(gate.wait, attempts=1)) as client:
        running = [await database.add("wait", subject=uuid4()) for _ in range(2)]
        await wait_until(lambda: gate.begun == len(running))
        assert (await client.get("/metrics")).text.count("redis_pool_connections{") == 2
        for name in ("tried", "sent"):
            await database.add(name, run_at=datetime(2100, 1, 1, tzinfo=UTC))
        await database.execute("UPDATE jobs SET failures = 1 WHERE name = 'tried'")
        # Published twice: it was due 10 and 20 seconds before, and waits since then.
        await database.execute("UPDATE jobs SET published = 2, due_at = now() + interval '10 s' WHERE name = 'sent'")
        counts = await repository.count(engine)
        await engine.dispose()
        gate.may_end.set()
        for each in running:
            await database.finished(each)
    assert (counts.queued, counts.running, counts.failed, counts.dead) == (1, 2, 1, 0)
    assert 20 <= counts.oldest_age < 20 + TIMEOUT_SECONDS


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
async def schedulers(database: Database, worker_settings: WorkerSettings) -> AsyncIterator[list[Scheduler]]:
    """The schedules of two workers, which have checked a job of every tenth minute at noon."""
    engine = create_engine(worker_settings, "worker")
    found = [Scheduler(engine, [Job(record), Job(fail, schedule="*/10 * * * *")]) for _ in range(2)]
    await database.execute("TRUNCATE schedules")
    await found[0].add(NOON + timedelta(seconds=30))
    yield found
    await engine.dispose()


async def added(database: Database, schedulers: list[Scheduler], minute: int) -> list[str]:
    """The jobs that these workers add in this minute after noon, at the same time."""
    adding = (each.add(NOON + timedelta(minutes=minute, seconds=1)) for each in schedulers)
    for failed in filter(None, await asyncio.gather(*adding, return_exceptions=True)):
        assert isinstance(failed, OperationalError), failed
    return await database.values("DELETE FROM jobs RETURNING name")


async def test_scheduled_job_is_added_once_at_its_time(database: Database, schedulers: list[Scheduler]) -> None:
    # A schedule that is new begins with the next time.
    found = {minute: await added(database, schedulers, minute) for minute in (0, 9, 10, 10, 11, 20)}
    assert found == {0: [], 9: [], 10: [], 11: [], 20: ["fail"]}


async def test_workers_with_other_clocks_add_a_scheduled_job_once(
    database: Database, schedulers: list[Scheduler]
) -> None:
    early, late = schedulers
    await asyncio.gather(early.add(NOON + timedelta(minutes=10)), late.add(NOON + timedelta(minutes=13)))
    assert await database.values("DELETE FROM jobs RETURNING name") == ["fail"]
    assert await added(database, schedulers, 14) == []
    assert await added(database, schedulers, 20) == ["fail"]


async def test_scheduled_job_whose_times_were_missed_is_added_once(
    database: Database, own_stores: Stores, schedulers: list[Scheduler]
) -> None:
    assert await added(database, schedulers, 9) == []
    role = sql.Identifier(login_role(own_stores.owner, "worker"))
    await schedulers[0]._engine.dispose()
    await database.connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
    try:
        for minute in (10, 20, 30):
            assert await added(database, schedulers, minute) == []
    finally:
        await database.connection.execute(sql.SQL("ALTER ROLE {} LOGIN").format(role))
    assert await added(database, schedulers, 33) == ["fail"]
    assert await added(database, schedulers, 34) == []
    assert await added(database, schedulers, 40) == ["fail"]


async def test_slow_mail_does_not_hold_up_other_jobs(database: Database, work: Work) -> None:
    gate = Gate()

    async def mail(context: Context, subject: UUID) -> None:
        await gate.wait(context, subject)

    async with work(Job(mail, is_mail=True), Job(record)):
        mails = [await database.add("mail", subject=uuid4()) for _ in range(20)]
        await wait_until(lambda: gate.begun == 3)
        await database.finished(await database.add("record", subject=uuid4()))
        assert gate.begun == 3
        gate.may_end.set()
        for each in mails:
            await database.finished(each)


async def test_dead_letters_are_deleted_after_a_month(database: Database, work: Work) -> None:
    insert = "INSERT INTO jobs (name, failed_at) VALUES ('unknown', now() - make_interval(days => %s)) RETURNING id"
    kept, _ = [(await database.values(insert, days))[0] for days in (29, 31)]
    async with work(JOBS["purge_dead_letters"]):
        await database.finished(await database.add("purge_dead_letters"))
    assert await database.values("SELECT id FROM jobs") == [kept]
