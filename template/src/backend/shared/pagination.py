"""Cursor pagination of rows that are ordered by a timestamp and an ID."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError

Limit = Annotated[int, Query(ge=1, le=100, description="The maximum number of items to return.")]


@dataclass(frozen=True)
class Cursor:
    """The position of a row; clients get it as an opaque string."""

    timestamp: datetime
    id: UUID

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.timestamp.isoformat()} {self.id}".encode()).rstrip(b"=").decode("ascii")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a cursor; raises ValueError if it is invalid."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, UnicodeError) as error:
            raise ValueError("not a cursor") from error
        timestamp_text, _, row_id = raw.partition(" ")
        timestamp = datetime.fromisoformat(timestamp_text)
        if timestamp.tzinfo is None:
            raise ValueError("the timestamp has no time zone")
        return cls(timestamp, UUID(row_id))


def read_cursor(
    cursor: Annotated[
        str | None, Query(max_length=200, description="The `next` of the previous page; omit it for the first page.")
    ] = None,
) -> Cursor | None:
    """Dependency: the cursor of the request; 422 if it is invalid."""
    try:
        return Cursor.parse(cursor) if cursor else None
    except ValueError as error:
        invalid = {
            "type": "value_error",
            "loc": ("query", "cursor"),
            "msg": "Value error, should be the `next` of a page",
        }
        raise RequestValidationError([invalid]) from error
