import subprocess
import sys
from dataclasses import replace

import psycopg

from shared.database.models import Base
from tests.support.processes import environment_of
from tests.support.stores import Stores, created

UPGRADE = [sys.executable, "-m", "alembic", "upgrade", "head"]


def upgrade(database_url: str) -> subprocess.Popen[str]:
    environment = environment_of({"ENVIRONMENT": "development", "DATABASE_URL": database_url})
    return subprocess.Popen(UPGRADE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_migrations_at_once_do_not_get_in_each_others_way(stores: Stores) -> None:
    empty = replace(stores, database=f"{stores.database}_empty")
    with created(empty):
        running = [upgrade(empty.database_url) for _ in range(2)]
        for process in running:
            output, _ = process.communicate(timeout=30)
            assert process.returncode == 0, output
        with psycopg.connect(empty.database_url) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            versions = connection.execute("SELECT count(*) FROM alembic_version").fetchone()
    assert {name for (name,) in tables} == {*Base.metadata.tables, "alembic_version"}
    assert versions == (1,)


def test_a_migration_without_a_database_says_which_setting_is_missing(stores: Stores) -> None:
    environment = environment_of({"ENVIRONMENT": "development", "DATABASE_URL": ""})
    done = subprocess.run(UPGRADE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "DATABASE_URL" in done.stderr


def test_every_foreign_key_has_an_index(stores: Stores) -> None:
    query = """
        SELECT conrelid::regclass::text, conname FROM pg_constraint
        WHERE contype = 'f' AND NOT EXISTS (
            SELECT FROM pg_index WHERE indrelid = conrelid AND (indkey::int2[])[0:0] = conkey[1:1]
        )
    """
    with psycopg.connect(stores.database_url) as connection:
        assert connection.execute(query).fetchall() == []
