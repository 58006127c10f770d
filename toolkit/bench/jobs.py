"""Empty jobs per second of one worker process on one core, and the time from the commit of a job at rest to its end."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tasks.project import env_file, services
from tasks.servers import Servers, temporary
from toolkit.application import environment, free_port
from toolkit.bench.measure import Row
from toolkit.bench.servers import running

RATE_BUDGET = 1000
START_BUDGET = 0.05
JOBS = 10_000
STARTS = 50
ROUNDS = 3
# The worker has the first core; the servers have the others.
CORE = 0
MODULE = '''"""Jobs of the benchmark."""

from sqlalchemy import text

from worker.registry import Context


async def nothing(_context: Context) -> None:
    """An empty job."""


async def answer(context: Context) -> None:
    """A job that notifies at its commit."""
    await context.database.execute(text("NOTIFY answer"))
'''
ADD = "INSERT INTO jobs (id, name) SELECT gen_random_uuid(), %s FROM generate_series(1, %s)"


def measure(project: Path) -> list[Row]:
    """The medians of some rounds; one row with the reason if taskset or a second core is missing."""
    if shutil.which("taskset") is None or (os.cpu_count() or 1) == 1:
        return [Row("empty jobs, one core", "not measured", "needs taskset and two cores", "—", "—", None)]
    add_jobs(project)
    with servers() as stores, worker(project, stores), psycopg.connect(stores.database_url, autocommit=True) as client:
        rate = statistics.median(jobs_per_second(client) for _ in range(ROUNDS))
        client.execute("LISTEN answer")
        starts = sorted(seconds_to_answer(client) for _ in range(STARTS))
    slow = starts[round(0.95 * STARTS)]
    return [
        Row(
            "empty jobs of a worker on one core",
            f"{rate:,.0f}/s",
            "—",
            "—",
            f"≥ {RATE_BUDGET:,}/s",
            rate >= RATE_BUDGET,
        ),
        Row(
            "commit of a job at rest to its end, 95 %",
            f"{slow * 1000:.0f} ms",
            f"{statistics.median(starts) * 1000:.0f} ms (median)",
            "—",
            f"≤ {START_BUDGET * 1000:.0f} ms",
            slow <= START_BUDGET,
        ),
    ]


def add_jobs(project: Path) -> None:
    """Add the jobs of the benchmark to the project."""
    folder = project / "src/backend/worker/jobs"
    (folder / "bench.py").write_text(MODULE, encoding="utf-8")
    jobs = folder / "__init__.py"
    text = jobs.read_text(encoding="utf-8").replace("by_name(\n", "by_name(\n    Job(nothing),\n    Job(answer),\n")
    jobs.write_text(
        text.replace("from worker.jobs", "from worker.jobs.bench import answer, nothing\nfrom worker.jobs", 1)
    )


@contextmanager
def servers() -> Iterator[Servers]:
    """Empty servers on the other cores."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores - {CORE})
    try:
        with temporary() as stores:
            os.sched_setaffinity(0, cores)
            yield stores
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def worker(project: Path, stores: Servers) -> Iterator[None]:
    """A worker on a core of its own, with the logging of production, and a migrated database."""
    urls = {"DATABASE_URL": stores.database_url, "REDIS_URL": stores.redis_url}
    settings = environment({**env_file.local(project), **urls, "LOG_LEVEL": "WARNING"})
    python = str(project / ".nox/dev/bin/python")
    subprocess.run([python, "-m", "tasks", "database.migrations.apply"], cwd=project, env=settings, check=True)
    backend = str((project / services.BACKEND).resolve())
    own = {**settings, "DATABASE_URL": services.PASSWORD.sub("", stores.database_url), "PYTHONPATH": backend}
    port = free_port()
    with running([python, "-m", "worker"], port, CORE, project, {**own, "WORKER_PORT": str(port)}):
        yield


def jobs_per_second(client: psycopg.Connection) -> float:
    """Add many empty jobs in one transaction, and wait until all have finished."""
    client.execute(ADD, ["nothing", JOBS])
    started = time.monotonic()
    while client.execute("SELECT FROM jobs LIMIT 1").rowcount:
        time.sleep(0.01)
    return JOBS / (time.monotonic() - started)


def seconds_to_answer(client: psycopg.Connection) -> float:
    """Add a job, and wait until it is committed."""
    # Longer than the pause of the relay after others.
    time.sleep(0.1)
    client.execute(ADD, ["answer", 1])
    started = time.monotonic()
    next(client.notifies(timeout=10))
    return time.monotonic() - started
