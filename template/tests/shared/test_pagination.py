from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shared.pagination import Cursor


def test_a_cursor_survives_being_text() -> None:
    cursor = Cursor(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), uuid4())
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["!", "a", "ä", "AAAA", "MjAyNi0wMS0wMVQwMDowMDowMCB4", "_" * 100])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Cursor.parse(text)


def test_a_time_without_a_zone_is_no_place() -> None:
    text = str(Cursor(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), uuid4()))
    with pytest.raises(ValueError, match="zone"):
        Cursor.parse(text)
