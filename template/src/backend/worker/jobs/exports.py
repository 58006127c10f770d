"""Jobs on exports of audit events."""

import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import Row, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.models import PROJECT_EVENTS as EVENTS, AuditExport, AuditExportPart
from worker.registry import Context

KEPT = timedelta(days=1)
# Of events that are read at once, and of bytes in a part.
BATCH = 1000
PART_BYTES = 256 * 1024
GZIP = zlib.MAX_WBITS | 16


async def export_audit_events(context: Context, export_id: UUID) -> None:
    """Write the audit events of a project, oldest first, in constant memory; ends early if the export was deleted.

    Each part has a transaction of its own: a lock on the export until the end would block the deletion of its project.
    """
    database = context.database
    project_id = await database.scalar(select(AuditExport.project_id).where(AuditExport.id == export_id))
    if project_id is None:
        return
    query = select(EVENTS).where(EVENTS.c.subject_id == project_id)
    query = query.order_by(EVENTS.c.created_at, EVENTS.c.id).execution_options(yield_per=BATCH)
    parts = Parts(context.state.engine, export_id)
    events = 0
    try:
        await parts.clear()
        stream = await database.stream(query)
        try:
            async for batch in stream.partitions():
                await parts.write("".join(map(line, batch)).encode())
                events += len(batch)
        finally:
            # The cursor of an export that ends early would stay open.
            await stream.close()
        size = await parts.end()
    except GoneError:
        return
    finished = {"finished_at": datetime.now(UTC), "events": events, "size": size}
    await database.execute(update(AuditExport).where(AuditExport.id == export_id).values(finished))


async def purge_exports(context: Context) -> None:
    """Delete the exports that were requested long ago."""
    await context.database.execute(delete(AuditExport).where(AuditExport.created_at < datetime.now(UTC) - KEPT))


class GoneError(Exception):
    """The export was deleted, or another run has finished it."""


class Parts:
    """Compresses bytes and stores them in parts."""

    def __init__(self, engine: AsyncEngine, export_id: UUID) -> None:
        self._engine = engine
        self._export_id = export_id
        self._gzip = zlib.compressobj(wbits=GZIP)
        self._compressed = b""
        self._number = self._size = 0

    async def clear(self) -> None:
        """Delete the parts of a run that has failed."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(AuditExportPart).where(AuditExportPart.export_id == self._export_id))

    async def write(self, content: bytes) -> None:
        """Compress these bytes, and store each full part; raises GoneError."""
        self._compressed += self._gzip.compress(content)
        while len(self._compressed) >= PART_BYTES:
            await self._store()

    async def end(self) -> int:
        """Store the rest; returns the number of bytes in all parts, or raises GoneError."""
        self._compressed += self._gzip.flush()
        while self._compressed:
            await self._store()
        return self._size

    async def _store(self) -> None:
        content, self._compressed = self._compressed[:PART_BYTES], self._compressed[PART_BYTES:]
        columns = [AuditExportPart.export_id, AuditExportPart.number, AuditExportPart.content]
        unfinished = select(AuditExport.id, literal(self._number), literal(content)).where(
            AuditExport.id == self._export_id, AuditExport.finished_at.is_(None)
        )
        try:
            async with self._engine.begin() as connection:
                stored = await connection.execute(insert(AuditExportPart).from_select(columns, unfinished))
        except IntegrityError as error:
            if isinstance(error.orig, ForeignKeyViolation):
                raise GoneError from error
            raise
        if stored.rowcount == 0:
            raise GoneError
        self._number += 1
        self._size += len(content)


def line(event: Row[Any]) -> str:
    """The event as a line of JSON."""
    columns = {
        "id": str(event.id),
        "created_at": event.created_at.isoformat(),
        "action": event.action,
        "actor_id": event.actor_id and str(event.actor_id),
        "request_id": event.request_id,
        "client": event.client and str(event.client),
        "user_agent": event.user_agent,
        "details": event.details,
    }
    return f"{json.dumps(columns)}\n"
