"""`db`: nothing is lost by a dump, a restore or a reset that was not meant."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tasks.servers import persistent
from tests.tasks.small_project import Dev, environment


def db(project: Path, *arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tasks.database", *arguments],
        cwd=project,
        env=environment(**settings),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def own(small: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The small project with servers of its own running, migrations applied, and one note."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    with persistent("dev", small):
        assert db(small, "reset", "--yes").returncode == 0
        with connected(small) as connection:
            connection.execute("INSERT INTO notes VALUES ('first')")
        yield small


@contextmanager
def connected(project: Path) -> Iterator[psycopg.Connection]:
    with persistent("test", project) as servers, psycopg.connect(servers.database_url) as connection:
        yield connection


def notes(project: Path) -> list[str]:
    with connected(project) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY text")]


def test_a_dump_restores_the_database_as_it_was(own: Path) -> None:
    assert db(own, "dump", "before.dump").returncode == 0
    with connected(own) as connection:
        connection.execute("INSERT INTO notes VALUES ('second')")
        connection.execute("CREATE TABLE later (n int)")
    done = db(own, "restore", "before.dump")
    assert done.returncode == 0, done.stderr
    assert notes(own) == ["first"]
    with connected(own) as connection:
        assert connection.execute("SELECT to_regclass('later')").fetchone() == (None,)
        left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'app%'").fetchall()
    assert left == [("app",)]


def test_a_restore_succeeds_while_the_database_is_in_use(own: Path) -> None:
    db(own, "dump", "before.dump")
    with connected(own) as connection:
        connection.execute("SELECT 1")
        assert db(own, "restore", "before.dump").returncode == 0
        connection.close()
    assert notes(own) == ["first"]


def test_plain_sql_is_restored_too(own: Path) -> None:
    (own / "some.sql").write_text("CREATE TABLE notes (text text);\nINSERT INTO notes VALUES ('sql');\n")
    assert db(own, "restore", "some.sql").returncode == 0
    assert notes(own) == ["sql"]


@pytest.mark.parametrize("content", ["PGDMPnonsense", "CREATE TABLE a (n int); nonsense;"])
def test_a_file_that_cannot_be_restored_changes_nothing(own: Path, content: str) -> None:
    (own / "broken").write_text(content)
    done = db(own, "restore", "broken")
    assert done.returncode == 1
    assert "the database is as it was" in done.stderr
    assert "Traceback" not in done.stderr
    assert notes(own) == ["first"]


def test_a_missing_file_is_told(own: Path) -> None:
    done = db(own, "restore", "nowhere")
    assert (done.returncode, done.stderr) == (1, "Cannot read nowhere: No such file or directory.\n")


def test_a_dump_overwrites_nothing(own: Path) -> None:
    (own / "precious").write_text("x")
    done = db(own, "dump", "precious")
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert (own / "precious").read_text() == "x"


def test_a_dump_that_fails_leaves_no_file(own: Path) -> None:
    done = db(own, "dump", "nowhere/file")
    assert done.returncode == 1
    assert "pg_dump failed" in done.stderr
    assert list(own.glob("**/file*")) == []


def test_reset_asks_and_does_nothing_when_nobody_can_answer(own: Path) -> None:
    done = db(own, "reset", stdin="yes\n")
    assert done.returncode == 1
    assert "nox -s db -- reset --yes" in done.stderr
    assert notes(own) == ["first"]


def test_reset_leaves_an_empty_database_with_migrations_applied(own: Path) -> None:
    assert db(own, "reset", "--yes").returncode == 0
    assert notes(own) == []


def test_reset_begins_afresh_where_another_version_made_the_data(small: Path) -> None:
    data = small / ".data" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    refused = db(small, "shell")
    assert refused.returncode == 1
    assert "was made by PostgreSQL 12" in refused.stderr
    assert len(refused.stderr.splitlines()) == 2
    assert db(small, "reset", "--yes").returncode == 0
    assert notes(small) == []


def test_the_shell_is_psql_on_the_database(own: Path) -> None:
    done = db(own, "shell", stdin="SELECT text FROM notes;\n")
    assert done.returncode == 0
    assert "first" in done.stdout


def test_it_uses_the_servers_of_a_running_dev(small: Path) -> None:
    dev = Dev(small)
    try:
        dev.ready()
        done = db(small, "shell", stdin="INSERT INTO notes VALUES ('while running') RETURNING text;\n")
        assert "while running" in done.stdout
        assert db(small, "reset", "--yes").returncode == 0
        assert dev.process.poll() is None
    finally:
        dev.stop()
        dev.kill()


@pytest.mark.parametrize("arguments", [(), ("frobnicate",), ("dump",)])
def test_bad_usage_shows_the_usage(small: Path, arguments: tuple[str, ...]) -> None:
    done = db(small, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: nox -s db --")
    assert not (small / ".data").exists()


def test_a_url_without_a_database_is_told(small: Path, given: dict[str, str]) -> None:
    done = db(small, "dump", "file", **{**given, "DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:9"})
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stderr
