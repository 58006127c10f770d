"""`jobs`: dead letters are listed, retried and deleted; others are not touched."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tasks.database.jobs import main
from tasks.database.operations import CREATE, DROP, administer, changed_url, execute
from tasks.doctor.command import jobs as counted
from tasks.servers import Servers
from tests.tasks.command import call

# The columns of the application's table that the session uses.
TABLE = """
CREATE TABLE jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text, failures int DEFAULT 0, published int DEFAULT 0,
    due_at timestamptz DEFAULT now() + interval '1 hour', error text, failed_at timestamptz
)
"""
DEAD = """
INSERT INTO jobs (name, failures, error, failed_at) VALUES (%s, 3, 'ValueError: planted', now() - interval '90 s')
RETURNING id::text
"""

Jobs = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def url(servers: Servers) -> Iterator[str]:
    """The URL of a database with the table."""
    name = f"jobs_{uuid.uuid4().hex}"
    with administer(servers.database_url) as server:
        execute(server, CREATE, name)
        url = changed_url(servers.database_url, dbname=name)
        with psycopg.connect(url) as connection:
            connection.execute(TABLE)
            connection.execute("INSERT INTO jobs (name) VALUES ('waiting')")
        yield url
        execute(server, DROP, name)


@pytest.fixture
def jobs(small: Path, servers: Servers, url: str) -> Jobs:
    """A function that calls the command with arguments."""
    return lambda *arguments: call(main, small, *arguments, DATABASE_URL=url, REDIS_URL=servers.redis_url)


def add_dead(url: str, name: str = "send_mail") -> str:
    """Add a dead letter; returns its ID."""
    with psycopg.connect(url) as connection:
        return str((connection.execute(DEAD, [name]).fetchone() or [""])[0])


def rows(url: str) -> list[tuple[str, int, bool, bool]]:
    """The name, the failures, and whether it is dead and due, of each job."""
    query = "SELECT name, failures, failed_at IS NOT NULL, due_at <= now() FROM jobs ORDER BY name"
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


WAITING = ("waiting", 0, False, False)


def test_list_is_limited_and_doctor_counts_all(
    jobs: Jobs, small: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(52):
        add_dead(url)
    lines = jobs().stdout.splitlines()
    assert len([line for line in lines if "send_mail" in line]) == 50
    assert "2 older ones are not shown." in lines
    monkeypatch.setenv("DATABASE_URL", url)
    [status] = counted(small)
    assert (status.found, status.remedy) == ("52", "nox -s jobs")


def test_dead_letters_are_listed_with_age_and_reason(jobs: Jobs, url: str) -> None:
    assert jobs().stdout == "No dead letters.\n"
    dead = add_dead(url)
    for done in (jobs(), jobs("list")):
        assert done.returncode == 0
        assert [line.strip().split(maxsplit=4) for line in done.stdout.splitlines()[:2]] == [
            ["id", "job", "age", "runs", "reason"],
            [dead, "send_mail", "00:01:30", "3", "ValueError: planted"],
        ]
        assert "nox -s jobs -- retry --all" in done.stdout


def test_dead_letters_are_retried_and_deleted_by_id(jobs: Jobs, url: str) -> None:
    first, second = add_dead(url, "a"), add_dead(url, "b")
    assert jobs("retry", first).stdout == "1 job will run again.\n"
    assert rows(url) == [("a", 0, False, True), ("b", 3, True, False), WAITING]
    assert jobs("delete", second).stdout == "1 job deleted.\n"
    assert rows(url) == [("a", 0, False, True), WAITING]


def test_all_dead_letters_are_retried_or_deleted(jobs: Jobs, url: str) -> None:
    add_dead(url, "a")
    add_dead(url, "b")
    assert jobs("retry", "--all").stdout == "2 jobs will run again.\n"
    assert rows(url) == [("a", 0, False, True), ("b", 0, False, True), WAITING]
    add_dead(url, "c")
    assert jobs("delete", "--all").stdout == "1 job deleted.\n"
    assert [name for name, *_ in rows(url)] == ["a", "b", "waiting"]


def test_wrong_ids_change_nothing(jobs: Jobs, url: str) -> None:
    dead, unknown = add_dead(url, "a"), str(uuid.uuid4())
    done = jobs("delete", dead, unknown)
    assert done.returncode == 1
    assert done.stderr == f"No dead letter has the ID {unknown}. To list them: nox -s jobs\n"
    for arguments in (["retry"], ["retry", "x"], ["retry", dead, "--all"], ["drop"]):
        done = jobs(*arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    assert rows(url) == [("a", 3, True, False), WAITING]


def test_database_without_the_table_is_reported_with_the_command(jobs: Jobs, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE jobs")
    done = jobs()
    assert done.returncode == 1
    assert done.stderr == "The database has no table of jobs. Apply the migrations: nox -s migrate\n"
