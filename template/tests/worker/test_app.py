"""Health checks, metrics and the schedule of the worker."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from taskiq import InMemoryBroker

from shared.database.engine import create_engine
from tests.support.clients import client_of
from tests.support.serving import wait_for_metrics, wait_for_status
from tests.support.stores import PRIMARY, REPLICA
from tests.worker.conftest import Database, Work
from tests.worker.test_runs import fail, record
from worker import app, schedule
from worker.registry import Job, by_name
from worker.schedule import Scheduler, Schedules
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
            "jobs_waiting 1.0",
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


async def test_scheduled_job_is_added_once_for_its_time(
    database: Database, worker_settings: WorkerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "current_minute", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    engine = create_engine(worker_settings, "worker")
    jobs = [Job(record), Job(fail, schedule="* * * * *")]
    [task] = await Schedules(jobs).get_schedules()
    assert (task.task_name, task.cron) == ("fail", "* * * * *")
    schedulers = [Scheduler(InMemoryBroker(), engine, jobs) for _ in range(2)]
    for scheduler in schedulers:
        await scheduler.on_ready(scheduler.sources[0], task)
    assert await database.values("SELECT name FROM jobs") == ["fail"]
    # A run in the same minute would delete it, and the next worker would add it again.
    assert await database.values("SELECT due_at FROM jobs") == [datetime(2026, 1, 1, 0, 1, tzinfo=UTC)]
    await engine.dispose()
