from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shared.pagination import Cursor


def test_cursor_round_trip() -> None:
    cursor = Cursor(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), uuid4())
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["!", "a", "ä", "AAAA", "MjAyNi0wMS0wMVQwMDowMDowMCB4", "_" * 100])
def test_invalid_cursor_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Cursor.parse(text)


def test_cursor_requires_a_time_zone() -> None:
    text = str(Cursor(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), uuid4()))
    with pytest.raises(ValueError, match="zone"):
        Cursor.parse(text)
