"""`db`: nothing is lost by a dump, a restore or a reset that was not meant."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tasks.database.administration import beside
from tasks.servers import Servers, persistent
from tests.tasks.requirements import terminal
from tests.tasks.small_project import Dev, environment, until

# PostgreSQL cuts what is longer.
LONGEST_NAME = 63


@dataclass(frozen=True)
class Own:
    """A small project and a database of its own, with one note."""

    project: Path
    name: str
    url: str
    redis_url: str

    def db(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return db(self.project, *arguments, stdin=stdin, DATABASE_URL=self.url, REDIS_URL=self.redis_url)

    def notes(self) -> list[str]:
        return notes(self.url)


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


def notes(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY text")]


def add_note(own: Own) -> None:
    with psycopg.connect(own.url) as connection:
        connection.execute("INSERT INTO notes VALUES ('second')")


@pytest.fixture
def own(small: Path, servers: Servers) -> Iterator[Own]:
    with made(small, servers, f"own_{uuid.uuid4().hex}") as own:
        yield own


@pytest.fixture(params=[LONGEST_NAME - 1, LONGEST_NAME])
def long_named(small: Path, servers: Servers, request: pytest.FixtureRequest) -> Iterator[Own]:
    """One whose name leaves no room for an ending."""
    with made(small, servers, f"own_{uuid.uuid4().hex}".ljust(request.param, "x")) as own:
        yield own


@contextmanager
def made(project: Path, servers: Servers, name: str) -> Iterator[Own]:
    url = f"{servers.database_url.rpartition('/')[0]}/{name}"
    with psycopg.connect(servers.database_url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE notes (text text)")
            connection.execute("INSERT INTO notes VALUES ('first')")
            connection.execute("CREATE TABLE alembic_version (version_num text)")
        yield Own(project, name, url, servers.redis_url)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def databases(own: Own) -> list[str]:
    """Its database, and whatever was left beside it."""
    names = [own.name, *(beside(own.name, role) for role in ("restored", "former"))]
    with psycopg.connect(own.url) as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s)", [names])
        return [name for (name,) in found]


def test_a_dump_restores_the_database_as_it_was(own: Own) -> None:
    assert own.db("dump", "before.dump").returncode == 0
    add_note(own)
    with psycopg.connect(own.url) as connection:
        connection.execute("CREATE TABLE later (n int)")
    done = own.db("restore", "before.dump", "--yes")
    assert done.returncode == 0, done.stderr
    assert own.notes() == ["first"]
    with psycopg.connect(own.url) as connection:
        assert connection.execute("SELECT to_regclass('later')").fetchone() == (None,)
    assert databases(own) == [own.name]


def test_a_database_with_a_long_name_is_restored(long_named: Own) -> None:
    assert long_named.db("dump", "before.dump").returncode == 0
    add_note(long_named)
    done = long_named.db("restore", "before.dump", "--yes")
    assert done.returncode == 0, done.stderr
    assert long_named.notes() == ["first"]
    assert databases(long_named) == [long_named.name]


def test_a_database_with_a_long_name_outlives_a_restore_that_fails(long_named: Own) -> None:
    (long_named.project / "broken.sql").write_text("CREATE TABLE a (n int); nonsense;")
    done = long_named.db("restore", "broken.sql", "--yes")
    assert done.returncode == 1
    assert "the database is as it was" in done.stderr
    assert long_named.notes() == ["first"]
    assert databases(long_named) == [long_named.name]


def test_a_restore_removes_what_one_that_was_killed_has_left(own: Own) -> None:
    own.db("dump", "before.dump")
    with psycopg.connect(own.url, autocommit=True) as server:
        for role in ("restored", "former"):
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(beside(own.name, role))))
    assert own.db("restore", "before.dump", "--yes").returncode == 0
    assert databases(own) == [own.name]


def test_a_restore_succeeds_while_the_database_is_in_use(own: Own) -> None:
    own.db("dump", "before.dump")
    with psycopg.connect(own.url) as connection:
        connection.execute("SELECT 1")
        assert own.db("restore", "before.dump", "--yes").returncode == 0
        connection.close()
    assert own.notes() == ["first"]


def test_plain_sql_is_restored_too(own: Own) -> None:
    (own.project / "some.sql").write_text(
        "CREATE TABLE alembic_version (version_num text);\n"
        "CREATE TABLE notes (text text);\nINSERT INTO notes VALUES ('sql');\n"
    )
    assert own.db("restore", "some.sql", "--yes").returncode == 0
    assert own.notes() == ["sql"]


@pytest.mark.parametrize("content", ["PGDMPnonsense", "CREATE TABLE a (n int); nonsense;"])
def test_a_file_that_cannot_be_restored_changes_nothing(own: Own, content: str) -> None:
    (own.project / "broken").write_text(content)
    done = own.db("restore", "broken", "--yes")
    assert done.returncode == 1
    assert "the database is as it was" in done.stderr
    assert "error:" in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert own.notes() == ["first"]
    assert databases(own) == [own.name]


@pytest.mark.parametrize("content", ["", "-- nothing\n", "CREATE TABLE notes (text text);\n"])
def test_a_file_without_a_database_of_the_application_changes_nothing(own: Own, content: str) -> None:
    (own.project / "foreign").write_text(content)
    done = own.db("restore", "foreign", "--yes")
    expected = "foreign holds no database of this application; the database is as it was.\n"
    assert (done.returncode, done.stderr) == (1, expected)
    assert own.notes() == ["first"]
    assert databases(own) == [own.name]


def test_an_interrupted_restore_leaves_nothing_behind(own: Own) -> None:
    (own.project / "slow.sql").write_text("SELECT pg_sleep(60);\n")
    settings = environment(DATABASE_URL=own.url, REDIS_URL=own.redis_url)
    command = [sys.executable, "-m", "tasks.database", "restore", "slow.sql", "--yes"]
    with subprocess.Popen(command, cwd=own.project, env=settings, stderr=subprocess.PIPE, text=True) as restore:
        until(lambda: len(databases(own)) > 1)
        restore.send_signal(signal.SIGINT)
        assert restore.communicate()[1] == "Interrupted.\n"
    assert restore.returncode == 1
    assert own.notes() == ["first"]
    assert databases(own) == [own.name]


def test_a_missing_file_is_told(own: Own) -> None:
    done = own.db("restore", "nowhere")
    assert (done.returncode, done.stderr) == (1, "Cannot read nowhere: No such file or directory.\n")


def test_a_dump_overwrites_nothing(own: Own) -> None:
    (own.project / "precious").write_text("x")
    done = own.db("dump", "precious")
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert (own.project / "precious").read_text() == "x"


def test_a_dump_that_fails_leaves_no_file(own: Own) -> None:
    done = own.db("dump", "nowhere/file")
    assert done.returncode == 1
    assert "pg_dump failed" in done.stderr
    assert list(own.project.glob("**/file*")) == []


def test_a_dump_may_have_the_longest_name_that_there_is(own: Own) -> None:
    name = "x" * 255
    assert own.db("dump", name).returncode == 0
    assert [path.name for path in own.project.glob("xx*")] == [name]


def test_a_dump_under_a_name_that_is_too_long_is_refused_at_once(own: Own) -> None:
    name = "x" * 256
    done = own.db("dump", name)
    assert (done.returncode, done.stderr) == (1, f"Cannot write {name}: File name too long; choose another name.\n")


def test_a_dump_in_a_place_that_is_no_folder_is_told(own: Own) -> None:
    (own.project / "file").write_text("")
    done = own.db("dump", "file/before.dump")
    assert done.returncode == 1
    assert done.stderr == "Cannot write file/before.dump: Not a directory; choose another name.\n"


def test_a_dump_does_not_replace_a_link_that_leads_nowhere(own: Own) -> None:
    (own.project / "link").symlink_to("nowhere")
    assert "exists already" in own.db("dump", "link").stderr


@pytest.mark.parametrize("action", [("reset",), ("restore", "before.dump")], ids=" ".join)
def test_what_replaces_data_does_nothing_when_nobody_can_answer(own: Own, action: tuple[str, ...]) -> None:
    own.db("dump", "before.dump")
    add_note(own)
    done = own.db(*action, stdin="yes\n")
    assert done.returncode == 1
    assert f"nox -s db -- {' '.join(action)} --yes\n" in done.stderr
    assert own.notes() == ["first", "second"]


@pytest.mark.parametrize(
    ("action", "answer", "expected", "words"),
    [
        (["reset"], b"no\n", ["first", "second"], b"empty"),
        (["reset"], b"yes\n", [], b"empty"),
        (["restore", "before.dump"], b"\n", ["first", "second"], b"replace"),
        (["restore", "before.dump"], b"yes\n", ["first"], b"replace"),
    ],
)
def test_what_replaces_data_does_what_the_person_at_the_terminal_answers(
    own: Own, action: list[str], answer: bytes, expected: list[str], words: bytes
) -> None:
    own.db("dump", "before.dump")
    add_note(own)
    ours, theirs = terminal()
    os.write(ours, answer)
    settings = environment(DATABASE_URL=own.url, REDIS_URL=own.redis_url)
    command = [sys.executable, "-m", "tasks.database", *action]
    done = subprocess.run(command, cwd=own.project, env=settings, stdin=theirs, capture_output=True, check=False)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == (0 if b"yes" in answer else 1)
    assert words + f" the database {own.name} on 127.0.0.1".encode() in done.stdout
    assert own.notes() == expected


def test_reset_leaves_an_empty_database_with_migrations_applied(own: Own) -> None:
    assert own.db("reset", "--yes").returncode == 0
    assert own.notes() == []


def test_reset_begins_afresh_where_another_version_made_the_data(small: Path) -> None:
    data = small / ".data" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    refused = db(small, "shell")
    assert refused.returncode == 1
    assert "was created by PostgreSQL 12" in refused.stderr
    assert len(refused.stderr.splitlines()) == 2
    assert db(small, "reset", "--yes").returncode == 0
    with persistent("test", small) as servers:
        assert notes(servers.database_url) == []


def test_reset_begins_afresh_where_files_of_the_data_are_gone(small: Path) -> None:
    data = small / ".data" / "postgres" / "data"
    data.mkdir(parents=True)
    refused = db(small, "shell")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert "`nox -s db -- reset`" in refused.stderr
    assert db(small, "reset", "--yes").returncode == 0
    with persistent("test", small) as servers:
        assert notes(servers.database_url) == []


def test_the_shell_is_psql_on_the_database(own: Own) -> None:
    done = own.db("shell", stdin="SELECT text FROM notes;\n")
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
