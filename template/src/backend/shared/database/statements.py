"""Spans of SQL statements, with their text but without values."""

import re
from functools import lru_cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import tracing

MAX_TEXT = 2000
# Parameters are not in the text; this is for statements in which somebody wrote a value.
VALUE = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|TABLE)\s+(?:ONLY\s+)?\"?(\w+)", re.IGNORECASE)


def record_statements(engine: AsyncEngine) -> None:
    """Record the statements of an engine in traces that are sampled."""

    def begin(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: Any) -> None:
        name, attributes = describe(statement)
        context.span = tracing.start(name, attributes)

    def end(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: Any) -> None:
        if context.span is not None:
            tracing.finish(context.span)
            # An error while its rows are read comes later.
            context.span = None

    def fail(found: ExceptionContext) -> None:
        span = getattr(found.execution_context, "span", None)
        if span is not None:
            tracing.finish(span, error=found.original_exception)

    event.listen(engine.sync_engine, "before_cursor_execute", begin)
    event.listen(engine.sync_engine, "after_cursor_execute", end)
    event.listen(engine.sync_engine, "handle_error", fail)


@lru_cache(maxsize=512)
def describe(statement: str) -> tuple[str, tracing.Attributes]:
    """The name of a span, such as `SELECT projects`, and its attributes."""
    text = " ".join(VALUE.sub("?", statement).split())
    operation = text.partition(" ")[0].upper()
    table = TABLE.search(text)
    name = f"{operation} {table[1]}" if table else operation
    return name, {"db.system.name": "postgresql", "db.operation.name": operation, "db.query.text": text[:MAX_TEXT]}
