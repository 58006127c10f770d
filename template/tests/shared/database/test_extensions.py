"""Extensions are created by migrations, in every environment alike."""

import re
from collections.abc import Iterator

import psycopg
import pytest

from shared.database import extensions
from tests.support.stores import Stores, fresh, migrate


@pytest.fixture
def empty(stores: Stores) -> Iterator[str]:
    """The URL of a database without tables, for a superuser: not every extension is trusted."""
    with fresh(stores, "extensions", is_superuser=True) as own:
        yield own.database_url


def test_extensions_and_those_that_they_require_exist_before_the_first_migration(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "EXTENSIONS", ("citext", "earthdistance"))
    migrate(empty)
    migrate(empty)
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall() == [
            ("citext",),
            ("cube",),
            ("earthdistance",),
            ("plpgsql",),
        ]


def test_server_without_an_extension_is_refused_before_anything_changes(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "EXTENSIONS", ("citext", "nowhere"))
    with pytest.raises(SystemExit, match=re.escape(extensions.describe_missing("nowhere"))):
        migrate(empty)
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT extname FROM pg_extension").fetchall() == [("plpgsql",)]
        assert connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("name", "servers"),
    [
        ("postgis", "the image postgis/postgis or Amazon RDS."),
        ("uuid-ossp", "the image postgres or Amazon RDS; gen_random_uuid() and uuidv7() need no extension."),
        ("other", "the image postgres or Amazon RDS, if it is a module that comes with PostgreSQL."),
    ],
)
def test_servers_with_a_missing_extension_are_named_in_one_line(name: str, servers: str) -> None:
    expected = f"The PostgreSQL server has no extension {name}. Use a server that has it: {servers}"
    assert extensions.describe_missing(name) == expected
