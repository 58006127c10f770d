"""The migrations as containers run them: from any folder, without the sessions."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory

from shared.database.migrate import MIGRATIONS
from tests.support.processes import environment_of
from tests.support.serving import free_port
from tests.support.stores import Stores, created

SCRIPTS = [*ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
FIRST = SCRIPTS[0].revision
LOCK = "SELECT pg_advisory_lock(7300541229)"
# It asks for the lock again and again, and PostgreSQL does not know that it waits; its last statement ends a question.
WAITING = """
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (query LIKE '%pg_try_advisory_lock(%' OR query = 'ROLLBACK')
"""


@pytest.fixture
def empty(stores: Stores) -> Iterator[str]:
    """The URL of a database without a table."""
    own = replace(stores, database=f"{stores.database}_empty")
    with created(own):
        yield own.database_url


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that knows nothing of the project."""
    monkeypatch.chdir(tmp_path)


def start(database_url: str) -> subprocess.Popen[str]:
    settings = {"DATABASE_URL": database_url, "DATABASE_PASSWORD": "", "ENVIRONMENT": "development"}
    return subprocess.Popen(
        [sys.executable, "-m", "shared.database.migrate"],
        env=environment_of(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def migrate(database_url: str) -> tuple[int, str, str]:
    """The exit code, and what was said on each stream."""
    process = start(database_url)
    said, complained = process.communicate(timeout=120)
    return process.returncode, said, complained


def test_it_applies_what_is_missing_and_says_so(empty: str) -> None:
    applied = "".join(f"Applied {each.revision} ({each.doc}).\n" for each in SCRIPTS)
    assert migrate(empty) == (0, f"{applied}The database is up to date.\n", "")
    assert migrate(empty) == (0, "The database is up to date.\n", "")


def test_two_at_once_do_not_get_in_each_others_way(empty: str) -> None:
    running = [start(empty) for _ in range(3)]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sorted(FIRST in each for each in said) == [False, False, True]


def test_a_migration_that_fails_is_named_and_not_applied(empty: str) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE TABLE users (id int)")
    code, said, complained = migrate(empty)
    assert (code, said) == (1, "")
    assert complained == f'Migration {FIRST} failed: relation "users" already exists\n'
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT to_regclass('projects')").fetchone() == (None,)


def test_a_database_that_does_not_answer_is_told_in_a_line() -> None:
    code, said, complained = migrate(f"postgresql://app:hunter2@127.0.0.1:{free_port()}/app")
    assert (code, said) == (1, "")
    assert complained.startswith("The database cannot be used: ")
    assert "refused" in complained
    assert complained.count("\n") == 1
    assert "hunter2" not in complained


def test_an_address_that_is_none_is_told_in_a_line() -> None:
    code, _, complained = migrate("postgresql://app:hunter2@127.0.0.1:none/app")
    assert code == 1
    assert complained.count("\n") == 1
    assert "hunter2" not in complained


def test_who_waits_for_another_run_ends_when_told_to(empty: str) -> None:
    with psycopg.connect(empty) as other:
        other.execute(LOCK)
        other.commit()
        with start(empty) as process:
            while not other.execute(WAITING).fetchall():
                other.commit()
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM
