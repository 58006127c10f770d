"""Migrations as containers run them: from any folder, without nox."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory

from shared.database import migrate
from shared.database.models import Base
from shared.database.pending import MIGRATIONS
from tests.support.processes import process_environment
from tests.support.serving import free_port
from tests.support.stores import Stores, fresh

SCRIPTS = [*ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
FIRST = SCRIPTS[0].revision
SERVICES = ("AUTH", "PROJECTS", "WORKER")
ROLES = {f"{name}_DATABASE_PASSWORD": "correct horse battery staple" for name in SERVICES}
LOCK = "SELECT pg_advisory_lock(7300541229)"
# A run polls the lock, so PostgreSQL does not show it as waiting; the last statement of a poll is a rollback.
WAITING = """
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (query LIKE '%pg_try_advisory_lock(%' OR query = 'ROLLBACK')
"""

Run = Callable[..., tuple[object, str]]


@pytest.fixture
def empty(stores: Stores) -> Iterator[str]:
    """The URL of a database without tables, whose server has no roles for it."""
    with fresh(stores, "empty") as own:
        yield own.database_url


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory outside the project."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs the migrations in this process; returns the exit code or error message, and the output."""
    handler = signal.getsignal(signal.SIGTERM)

    def main(database_url: str, environment: str = "development") -> tuple[object, str]:
        monkeypatch.setattr(os, "environ", {**ROLES, "DATABASE_URL": database_url, "ENVIRONMENT": environment})
        code: object = 0
        try:
            migrate.main()
        except SystemExit as exited:
            code = exited.code
        return code, "".join(capsys.readouterr())

    yield main
    signal.signal(signal.SIGTERM, handler)


def start(database_url: str) -> subprocess.Popen[str]:
    settings = {**ROLES, "DATABASE_URL": database_url, "DATABASE_PASSWORD": "", "ENVIRONMENT": "development"}
    return subprocess.Popen(
        [sys.executable, "-m", "shared.database.migrate"],
        env=process_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_migrate_applies_pending_migrations_and_prints_them(empty: str, run: Run) -> None:
    applied = "".join(f"Applied {each.revision} ({each.doc}).\n" for each in SCRIPTS)
    assert run(empty) == (0, f"{applied}The database is up to date.\n")
    assert run(empty) == (0, "The database is up to date.\n")


def test_concurrent_runs_apply_each_migration_once(empty: str) -> None:
    processes = [start(empty) for _ in range(2)]
    results = [process.communicate(timeout=120) for process in processes]
    assert [(process.returncode, errors) for process, (_, errors) in zip(processes, results, strict=True)] == [
        (0, ""),
        (0, ""),
    ]
    assert sorted(FIRST in output for output, _ in results) == [False, True]
    with psycopg.connect(empty) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        versions = connection.execute("SELECT count(*) FROM alembic_version").fetchone()
    assert {name for (name,) in tables} == {*Base.metadata.tables, "alembic_version"}
    assert versions == (1,)


def test_failed_migration_is_reported_and_rolled_back(empty: str, run: Run) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE TABLE users (id int)")
    assert run(empty) == (f'Migration {FIRST} failed: relation "users" already exists', "")
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT to_regclass('projects')").fetchone() == (None,)


def test_a_revision_that_the_code_lacks_is_reported_with_a_way_out(empty: str, run: Run) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE TABLE alembic_version AS SELECT 'other' AS version_num")
    message, output = run(empty)
    assert output == ""
    assert message == (
        "The database is at other, a migration that this code does not have.\n"
        "Deploy code that has it; or undo it with such code: nox -s migrate -- downgrade -1"
    )


def test_unavailable_database_is_reported_in_one_line(run: Run) -> None:
    message, output = run(f"postgresql://app:hunter2@127.0.0.1:{free_port()}/app")
    assert output == ""
    assert isinstance(message, str)
    assert message.startswith("The database is unavailable: ")
    assert "refused" in message
    assert "\n" not in message
    assert "hunter2" not in message


def test_invalid_url_is_reported_without_it(run: Run) -> None:
    code, output = run("postgresql://app:hunter2@127.0.0.1:none/app")
    assert (code, len(output.splitlines())) == (2, 2)
    assert "DATABASE_URL: Value error, should be postgresql://" in output
    assert "hunter2" not in output


def test_development_database_is_rejected_in_production(run: Run) -> None:
    url = "postgresql://app:password@127.0.0.1:5432/app"
    code, output = run(url, "production")
    assert (code, len(output.splitlines())) == (2, 2)
    assert "DATABASE_URL: should have no password, as DATABASE_PASSWORD is a separate setting, in production" in output
    assert url not in output


def test_sigterm_ends_a_run_that_waits_for_another(empty: str) -> None:
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
