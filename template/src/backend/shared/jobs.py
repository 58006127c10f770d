"""Background jobs: adds them to the database, where the worker finds them when the transaction is committed."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic_core import to_jsonable_python
from sqlalchemy.ext.asyncio import AsyncSession

from shared import tracing
from shared.database.models import Job
from shared.request_id import current_request_id


def enqueue(session: AsyncSession, name: str, *, run_at: datetime | None = None, **arguments: Any) -> UUID:
    """Add a job in the transaction of the session; returns its ID.

    The name is a key of `worker.jobs.JOBS`. The arguments are stored as JSON, and must not be secrets. The job starts
    when the transaction is committed, or at `run_at` or up to a second later. It runs at least once.
    """
    trace = tracing.header_of(None)
    arguments = to_jsonable_python(arguments)
    job = Job(id=uuid4(), name=name, arguments=arguments, request_id=current_request_id(), trace=trace)
    if run_at is not None:
        job.due_at = run_at
    session.add(job)
    return job.id
