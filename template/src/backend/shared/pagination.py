"""Pages through rows in the order of a time and an ID, from where the last page ended."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import HTTPException, Query

Limit = Annotated[int, Query(ge=1, le=100, description="The most items to return.")]


@dataclass(frozen=True)
class Cursor:
    """The place of a row; callers get it as text that they need not understand."""

    at: datetime
    id: UUID

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.at.isoformat()} {self.id}".encode()).rstrip(b"=").decode("ascii")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The cursor in the text; ValueError if there is none."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, UnicodeError) as error:
            raise ValueError("not a cursor") from error
        at, _, row_id = raw.partition(" ")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("a cursor's time has a zone")
        return cls(moment, UUID(row_id))


def read_cursor(
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
) -> Cursor | None:
    """Dependency: the place to go on from, or 422."""
    try:
        return Cursor.parse(cursor) if cursor else None
    except ValueError as error:
        raise HTTPException(422, "The cursor is not one that a page before has given") from error
