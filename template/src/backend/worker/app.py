"""Application factory of the worker: health checks and metrics over HTTP, and the loops that run the jobs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from time import monotonic

import structlog
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp
from taskiq.receiver import Receiver

from shared import audit, redis
from shared.application import create_service
from shared.database import engine as database
from shared.middleware import RequestMiddleware
from worker import inbox, repository
from worker.jobs import JOBS
from worker.mail import Mailer
from worker.metrics import JobMetrics
from worker.queue import TASK, Queue
from worker.registry import Job
from worker.relay import Relay
from worker.runner import Runner, describe
from worker.schedule import Scheduler
from worker.settings import WorkerSettings

RESTART_SECONDS = 1.0
# Longer than RESTART_SECONDS.
FAILED_SECONDS = 3.0
COUNT_SECONDS = 15.0
# Messages that wait in the queues; those of mail wait for an SMTP server, which may be slow.
MAX_QUEUED, MAX_QUEUED_MAIL = 1000, 100
EXPECTED_ERRORS = (*database.UNAVAILABLE_ERRORS, *redis.UNAVAILABLE_ERRORS)

log = structlog.get_logger()


def create_app(settings: WorkerSettings, jobs: Mapping[str, Job] = JOBS) -> ASGIApp:
    """Create the worker; it runs jobs as long as its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        state.engine = database.create_engine(settings, "worker", pre_ping=False)
        store = redis.create_redis(settings)
        state.metrics.watch(database.PoolCollector(state.engine), redis.RedisCollector(store))
        state.settings = settings
        settings.warn_without_mail()
        mail = AsyncExitStack()
        url = settings.smtp_url
        if url is None and settings.has_mail:
            url = await mail.enter_async_context(inbox.serve(store, settings.redis_prefix))
        state.mailer = Mailer(settings, url)
        queue = Queue(store, f"{settings.redis_prefix}jobs", MAX_QUEUED)
        mail_queue = Queue(store, f"{settings.redis_prefix}jobs:mail", MAX_QUEUED_MAIL)
        metrics = JobMetrics(state.metrics.registry)
        runner = Runner(state.engine, jobs, state, metrics)

        relay = Relay(state.engine, queue, mail_queue, [name for name, each in jobs.items() if each.is_mail])
        scheduler = Scheduler(state.engine, jobs.values())
        receivers = [
            receiver(each, runner, slots, settings.shutdown_timeout)
            for each, slots in (
                (queue, settings.jobs_at_once - settings.mails_at_once),
                (mail_queue, settings.mails_at_once),
            )
        ]
        stopping = asyncio.Event()
        loops = Loops(stopping)
        state.checks = {
            "database": lambda: audit.check_writable(state.engine),
            "redis": lambda: redis.check_writable(store, settings.redis_prefix),
            "jobs": loops.check,
        }
        others = [
            loops.start("relay", relay.run),
            loops.start("schedule", scheduler.run),
            loops.start("count", lambda: count(state.engine, metrics)),
        ]
        receiving = [loops.start("queue", partial(each.listen, stopping)) for each in receivers]
        yield
        stopping.set()
        await asyncio.gather(*receiving)
        await runner.stop()
        for loop in others:
            loop.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await mail.aclose()
        await store.aclose()
        await state.engine.dispose()

    # It logs each job, and lost connections with tracebacks; the loops below log them too.
    logging.getLogger("taskiq").setLevel(logging.CRITICAL)
    app = create_service("worker", "Background jobs.", lifespan, [], settings)
    return RequestMiddleware(app, app.state.metrics)


def receiver(queue: Queue, runner: Runner, slots: int, timeout: float) -> Receiver:
    """What runs the jobs of a queue, so many at once; at a shutdown they have so many seconds."""

    @queue.task(TASK)
    async def run(job_id: str) -> None:
        await runner.run(job_id)

    return Receiver(queue, run_startup=False, validate_params=False, max_async_tasks=slots, wait_tasks_timeout=timeout)


async def count(engine: AsyncEngine, metrics: JobMetrics) -> None:
    """Update the metrics of the jobs in the database."""
    while True:
        metrics.set_counts(await repository.count(engine))
        await asyncio.sleep(COUNT_SECONDS)


class Loops:
    """Endless work, which is started again after an error."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._failures: dict[str, tuple[float, str]] = {}

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Start the work in a task."""
        return asyncio.create_task(self._repeat(name, work))

    async def check(self) -> None:
        """Raise if work has just failed."""
        for name, (time, reason) in self._failures.items():
            if monotonic() - time < FAILED_SECONDS:
                raise RuntimeError(f"{name}: {reason}")

    async def _repeat(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            try:
                await work()
            except Exception as error:
                reason = describe(first(error))
                self._failures[name] = (monotonic(), reason)
                is_expected = isinstance(first(error), EXPECTED_ERRORS)
                log.warning("starting again after an error", loop=name, reason=reason, exc_info=not is_expected)
                await asyncio.sleep(RESTART_SECONDS)


def first(error: BaseException) -> BaseException:
    """The error, or the first one of a group."""
    return first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
