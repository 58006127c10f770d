"""Runs jobs, each in one transaction with the deletion of its row."""

import asyncio
from collections.abc import Mapping
from time import perf_counter
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from starlette.datastructures import State

from shared import tracing
from shared.database.engine import IDLE_SECONDS, UNAVAILABLE_ERRORS
from shared.request_id import set_request_id
from worker import repository
from worker.metrics import JobMetrics
from worker.registry import Context, Job
from worker.repository import Taken

MAX_REASON = 500
ALLOW_IDLE = text("SELECT set_config('idle_in_transaction_session_timeout', :milliseconds, true)")
# In metrics, for the names that are not of jobs.
UNKNOWN = "unknown"

log = structlog.get_logger()


class RejectedError(Exception):
    """The job cannot be run by this release; the message is the reason."""


class Runner:
    """Runs the jobs with these names; `state` is for their functions."""

    def __init__(self, engine: AsyncEngine, jobs: Mapping[str, Job], state: State, metrics: JobMetrics) -> None:
        self._engine = engine
        self._jobs = jobs
        self._state = state
        self._metrics = metrics
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, job_id: str) -> None:
        """Run a job, unless it is gone, dead or already running; a failure is recorded, not raised."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a job needs a task, which can be cancelled")
        self._running.add(task)
        try:
            # The first error of a broken connection closes all of the pool, which has no pings.
            if not await self._run(UUID(job_id)):
                await self._run(UUID(job_id))
        finally:
            self._running.discard(task)

    async def stop(self) -> None:
        """Cancel the running jobs; other workers run them, as their transactions are rolled back."""
        running = [*self._running]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, job_id: UUID) -> bool:
        """Run a job; False if the database has failed before its start."""
        started = perf_counter()
        taken: Taken | None = None
        span = None
        outcome = "finished"
        try:
            async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                taken = await repository.take(session, job_id)
                if taken is None:
                    return True
                span = tracing.begin(f"job {taken.name}", "CONSUMER", (taken.trace or "").encode())
                await self._call(job_id, taken, session)
        except asyncio.CancelledError:
            outcome = "cancelled"
        except Exception as error:
            log.warning("job failed", job=taken and taken.name, job_id=str(job_id), exc_info=True)
            outcome = await self._fail(job_id, taken, error) if taken else ""
        if taken is not None:
            name = taken.name if taken.name in self._jobs else UNKNOWN
            self._metrics.observe(name, outcome, perf_counter() - started)
            log.info("job run", job=taken.name, job_id=str(job_id), outcome=outcome)
        if span is not None and taken is not None:
            attributes = {"job.name": taken.name, "job.id": str(job_id), "request.id": taken.request_id or ""}
            tracing.finish(span, {**attributes, "job.outcome": outcome}, None if outcome == "finished" else outcome)
        return taken is not None or outcome == "cancelled"

    async def _call(self, job_id: UUID, taken: Taken, session: AsyncSession) -> None:
        """Run the function of the job; raises RejectedError if there is none, or it has other arguments."""
        set_request_id((taken.request_id or "").encode())
        job = self._jobs.get(taken.name)
        if job is None:
            raise RejectedError("this release has no job of this name")
        try:
            arguments = job.arguments.model_validate(taken.arguments)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise RejectedError(f"the arguments do not fit this release: {wrong}") from None
        if job.timeout >= IDLE_SECONDS:
            # Its function may send no statements for so long.
            await session.execute(ALLOW_IDLE, {"milliseconds": f"{round((job.timeout + IDLE_SECONDS) * 1000)}"})
        limit = asyncio.timeout(job.timeout)
        try:
            async with limit:
                await job.run(Context(job_id, session, self._state), arguments)
        except TimeoutError:
            if limit.expired():
                raise TimeoutError(f"no end in {job.timeout:g} s") from None
            raise

    async def _fail(self, job_id: UUID, taken: Taken, error: Exception) -> str:
        """Record a failed run; returns its outcome."""
        job = self._jobs.get(taken.name)
        reason = describe(error)
        attempts = 1 if job is None or isinstance(error, RejectedError) else job.attempts
        try:
            is_dead = await repository.fail(self._engine, job_id, reason, attempts)
        except UNAVAILABLE_ERRORS as unavailable:
            # It is published again later, as if its run had been lost.
            log.warning("failure not recorded", job_id=str(job_id), reason=describe(unavailable))
            return "failed"
        if is_dead:
            log.error("job is dead", job=taken.name, job_id=str(job_id), reason=reason)
        return "dead" if is_dead else "failed"


def describe(error: BaseException) -> str:
    """The reason in a line of characters that the database can store."""
    reason = "".join(filter(str.isprintable, (str(error).strip() or "no reason").splitlines()[0]))
    is_clear = isinstance(error, RejectedError | TimeoutError)
    return (reason if is_clear else f"{type(error).__name__}: {reason}")[:MAX_REASON]
