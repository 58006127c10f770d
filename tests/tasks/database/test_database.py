"""`db`: a dump, restore or reset that fails or is not confirmed loses nothing."""

from __future__ import annotations

import gzip
import importlib
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine

from tasks.core.errors import UserError
from tasks.database.command import main
from tasks.database.operations import (
    MALFORMED,
    administer,
    changed_url,
    client,
    connect,
    draft_name,
    execute,
    run_client,
    swap,
    url_parts,
)
from tasks.servers import Servers
from tests.support import ROOT
from tests.tasks.command import call, inside
from tests.tasks.requirements import terminal
from tests.tasks.small_project import FOREIGN, Dev, environment, until

# PostgreSQL truncates longer names.
LONGEST_NAME = 63

PASSWORD = "hunter2"


@dataclass(frozen=True)
class Own:
    """A small project with a database of its own, which has one note."""

    project: Path
    name: str
    url: str
    redis_url: str

    @property
    def settings(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url, "REDIS_URL": self.redis_url}

    def db(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return call(main, self.project, *arguments, **self.settings)

    def notes(self) -> list[str]:
        with psycopg.connect(self.url) as connection:
            return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY text")]

    def add_note(self) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute("INSERT INTO notes VALUES ('second')")

    def databases(self) -> list[str]:
        """Its database, and that of a restore."""
        names = [self.name, draft_name(self.name)]
        with psycopg.connect(self.url) as connection:
            found = connection.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s)", [names])
            return [name for (name,) in found]

    def is_unchanged(self) -> bool:
        return self.notes() == ["first"] and self.databases() == [self.name]


@pytest.fixture
def own(small: Path, servers: Servers) -> Iterator[Own]:
    with made(small, servers, f"own_{uuid.uuid4().hex}") as own:
        yield own


@pytest.fixture(params=[LONGEST_NAME - 1, LONGEST_NAME])
def long_named(small: Path, servers: Servers, request: pytest.FixtureRequest) -> Iterator[Own]:
    """One whose name leaves no room for a suffix."""
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


def shell(project: Path, statement: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`db shell` in a process, as psql reads its standard input."""
    return subprocess.run(
        [sys.executable, "-m", "tasks", "database", "shell"],
        cwd=project,
        env=environment(**settings),
        input=statement,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_restored_dump_replaces_the_database_even_in_use(own: Own) -> None:
    assert own.db("dump", "before.dump").returncode == 0
    own.add_note()
    with psycopg.connect(own.url) as connection:
        connection.execute("CREATE TABLE later (n int)")
    with psycopg.connect(own.url, autocommit=True) as in_use:
        in_use.execute("SELECT 1")
        done = own.db("restore", "before.dump", "--yes")
        in_use.close()
    assert done.returncode == 0, done.stderr
    assert own.is_unchanged()
    with psycopg.connect(own.url) as connection:
        assert connection.execute("SELECT to_regclass('later')").fetchone() == (None,)


def test_a_database_with_a_long_name_survives_a_failed_restore_and_is_restored(long_named: Own) -> None:
    (long_named.project / "broken.sql").write_text("CREATE TABLE a (n int); nonsense;")
    done = long_named.db("restore", "broken.sql", "--yes")
    assert done.returncode == 1
    assert "the database is unchanged" in done.stderr
    assert long_named.is_unchanged()
    assert long_named.db("dump", "before.dump").returncode == 0
    long_named.add_note()
    done = long_named.db("restore", "before.dump", "--yes")
    assert done.returncode == 0, done.stderr
    assert long_named.is_unchanged()


def test_restore_removes_what_a_killed_restore_left(own: Own) -> None:
    own.db("dump", "before.dump")
    with psycopg.connect(own.url, dbname="postgres", autocommit=True) as server:
        for name in (draft_name(own.name), f"old_{draft_name(own.name)}"):
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    assert own.db("restore", "before.dump", "--yes").returncode == 0
    assert own.is_unchanged()
    assert own.databases() == [own.name]


@pytest.mark.parametrize("form", ["postgresql+psycopg://app:{}@host/app", "postgresql://app:{}%@host/app"])
def test_password_of_an_invalid_url_is_not_printed(form: str) -> None:
    url = form.format(PASSWORD)
    with pytest.raises(UserError) as raised, connect(url, "postgres"):
        raise AssertionError(url)
    assert PASSWORD not in str(raised.value)


def test_failed_swap_leaves_the_database(own: Own) -> None:
    with administer(own.url) as server, pytest.raises(psycopg.Error):
        swap(server, own.name, "missing")
    assert own.is_unchanged()


def test_restore_accepts_plain_sql(own: Own) -> None:
    (own.project / "some.sql").write_text(
        "CREATE TABLE alembic_version (version_num text);\n"
        "CREATE TABLE notes (text text);\nINSERT INTO notes VALUES ('sql');\n"
    )
    assert own.db("restore", "some.sql", "--yes").returncode == 0
    assert own.notes() == ["sql"]


@pytest.mark.parametrize("name", ["custom", "custom.gz", "directory", "plain", "plain.gz", "tar"])
def test_restore_accepts_every_format_of_pg_dump_without_its_roles(own: Own, name: str) -> None:
    form, _, compressed = name.partition(".")
    role = f"other_{uuid.uuid4().hex}"
    with psycopg.connect(own.url) as connection:
        connection.execute("CREATE TABLE others (n int)")
        for statement in ("CREATE ROLE {}", "GRANT SELECT ON notes TO {}", "ALTER TABLE others OWNER TO {}"):
            execute(connection, statement, role)
    file = own.project / "before"
    with_roles = ["--no-owner", "--no-privileges"] if form == "plain" else []
    run_client("pg_dump", url_parts(own.url), f"--format={form}", f"--file={file}", *with_roles)
    with psycopg.connect(own.url) as connection:
        for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
            execute(connection, statement, role)
    if compressed:
        file.write_bytes(gzip.compress(file.read_bytes()))
    own.add_note()
    done = own.db("restore", "before", "--yes")
    assert done.returncode == 0, done.stderr
    assert own.is_unchanged()


def test_restore_reports_a_role_that_is_missing_and_a_file_that_it_cannot_load(own: Own) -> None:
    damaged = gzip.compress(b"CREATE TABLE a (n int);" * 999)[:-20]
    files = {
        b"ALTER TABLE notes OWNER TO reporter;": 'ERROR:  role "reporter" does not exist\nCreate it in `nox -s db --',
        b"SELECT 1;\n\\connect template1\nCREATE TABLE a (n int);": "is for other databases; the database is unchanged",
        b"PK\3\4\0\0": "is neither SQL nor a dump of pg_dump. Decompress it",
        damaged: "Cannot read some.sql: Compressed file ended before",
    }
    for content, message in files.items():
        (own.project / "some.sql").write_bytes(b"CREATE TABLE notes ();\n" + content if b";" in content else content)
        done = own.db("restore", "some.sql", "--yes")
        assert done.returncode == 1
        assert message in done.stderr
        assert len(done.stderr.splitlines()) <= 2
        assert own.is_unchanged()
    done = own.db("restore", ".")
    assert (done.returncode, done.stderr) == (1, "Cannot read .: Is a directory.\n")


def test_restore_ignores_the_psqlrc_of_the_user(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    (own.project / ".psqlrc").write_text("\\set ON_ERROR_STOP off\n\\set ON_ERROR_ROLLBACK on\n")
    monkeypatch.setenv("HOME", str(own.project))
    (own.project / "broken.sql").write_text("CREATE TABLE alembic_version ();\nnonsense;\nCREATE TABLE notes ();\n")
    done = own.db("restore", "broken.sql", "--yes")
    assert done.returncode == 1
    assert 'syntax error at or near "nonsense"' in done.stderr
    assert own.is_unchanged()


def test_restore_of_an_invalid_file_changes_nothing(own: Own) -> None:
    for content in ("PGDMPnonsense", "CREATE TABLE a (n int); nonsense;"):
        (own.project / "broken").write_text(content)
        done = own.db("restore", "broken", "--yes")
        assert done.returncode == 1
        assert "the database is unchanged" in done.stderr
        assert "error:" in done.stderr.lower()
        assert len(done.stderr.splitlines()) == 1
        assert own.is_unchanged()
    for content in ("", "-- nothing\n", "CREATE TABLE notes (text text);\n"):
        (own.project / "foreign").write_text(content)
        done = own.db("restore", "foreign", "--yes")
        expected = "foreign has no database of this application; the database is unchanged.\n"
        assert (done.returncode, done.stderr) == (1, expected)
        assert own.is_unchanged()
    done = own.db("restore", "missing")
    assert (done.returncode, done.stderr) == (1, "Cannot read missing: No such file or directory.\n")


def test_an_interrupted_restore_changes_nothing(own: Own) -> None:
    (own.project / "slow.sql").write_text("SELECT pg_sleep(60);\n")
    command = [sys.executable, "-m", "tasks", "database", "restore", "slow.sql", "--yes"]
    with subprocess.Popen(
        command, cwd=own.project, env=environment(**own.settings), stderr=subprocess.PIPE, text=True
    ) as restore:
        until(lambda: len(own.databases()) > 1)
        restore.send_signal(signal.SIGINT)
        assert restore.communicate()[1] == ""
    assert restore.returncode == 130
    assert own.is_unchanged()


def test_dump_overwrites_nothing(own: Own) -> None:
    (own.project / "precious").write_text("x")
    (own.project / "link").symlink_to("missing")
    for name in ("precious", "link"):
        done = own.db("dump", name)
        assert (done.returncode, done.stderr) == (1, f"Cannot write {name}: File exists. Choose another name.\n")
    assert (own.project / "precious").read_text() == "x"
    assert (own.project / "link").is_symlink()


def test_a_failed_dump_leaves_no_file(own: Own) -> None:
    before = sorted(own.project.iterdir())
    settings = {**own.settings, "DATABASE_URL": "postgresql://app:hunter2@127.0.0.1:9/app"}
    done = call(main, own.project, "dump", "new.dump", **settings)
    assert done.returncode == 1
    assert "pg_dump failed" in done.stderr
    assert "hunter2" not in done.stderr
    assert sorted(own.project.iterdir()) == before


def test_dump_rejects_an_impossible_name_before_it_dumps(own: Own) -> None:
    (own.project / "file").write_text("")
    reasons = {
        "x" * 256: "File name too long",
        "file/before.dump": "Not a directory",
        "missing/file": "No such file or directory",
    }
    with patch("tasks.database.operations.run_client") as run_client:
        for name, reason in reasons.items():
            done = own.db("dump", name)
            assert (done.returncode, done.stderr) == (1, f"Cannot write {name}: {reason}. Choose another name.\n")
    run_client.assert_not_called()


def test_dump_accepts_the_longest_file_name(own: Own) -> None:
    name = "x" * 255
    assert own.db("dump", name).returncode == 0
    assert [path.name for path in own.project.glob("xx*")] == [name]


@pytest.mark.parametrize("action", [("reset",), ("restore", "before.dump")], ids=" ".join)
def test_without_a_terminal_reset_and_restore_change_nothing(own: Own, action: tuple[str, ...]) -> None:
    (own.project / "before.dump").write_text("")
    done = own.db(*action)
    assert done.returncode == 1
    assert f"nox -s db -- {' '.join(action)} --yes\n" in done.stderr
    assert own.is_unchanged()


def test_reset_and_restore_need_a_yes_on_the_terminal(own: Own) -> None:
    own.db("dump", "before.dump")
    own.add_note()
    answers: list[tuple[list[str], bytes, list[str], str]] = [
        (["reset"], b"no\n", ["first", "second"], "empty"),
        (["restore", "before.dump"], b"\n", ["first", "second"], "replace"),
        (["restore", "before.dump"], b"yes\n", ["first"], "replace"),
        (["reset"], b"yes\n", [], "empty"),
    ]
    for action, answer, expected, effect in answers:
        ours, theirs = terminal()
        os.write(ours, answer)
        with os.fdopen(theirs) as stdin, patch.object(sys, "stdin", stdin):
            done = own.db(*action)
        os.close(ours)
        assert done.returncode == (0 if b"yes" in answer else 1)
        assert f"This will {effect} the database {own.name} on 127.0.0.1" in done.stdout
        assert own.notes() == expected


def test_reset_replaces_unreadable_data_and_works_while_dev_runs(small: Path) -> None:
    data = small / ".data" / "postgres" / "data"
    data.mkdir(parents=True)
    missing = call(main, small, "shell")
    assert (missing.returncode, len(missing.stderr.splitlines())) == (1, 1)
    assert "`nox -s db -- reset`" in missing.stderr
    (data / "PG_VERSION").write_text("12\n")
    outdated = call(main, small, "shell")
    assert (outdated.returncode, len(outdated.stderr.splitlines())) == (1, 2)
    assert "was created by PostgreSQL 12" in outdated.stderr
    assert call(main, small, "reset", "--yes").returncode == 0
    dev = Dev(small, settings=FOREIGN)
    try:
        dev.ready()
        statements = "SELECT count(*) AS before FROM notes; INSERT INTO notes VALUES ('new') RETURNING text;\n"
        done = shell(small, statements, **FOREIGN)
        assert done.stdout.split()[:3] == ["before", "--------", "0"]
        assert "new" in done.stdout
        assert call(main, small, "reset", "--yes").returncode == 0
        assert "new" not in shell(small, "SELECT text FROM notes;\n").stdout
        assert dev.process.poll() is None
    finally:
        dev.stop()
        dev.kill()


def test_shell_runs_psql_on_the_database(own: Own) -> None:
    done = shell(own.project, "SELECT text FROM notes;\n", **own.settings)
    assert done.returncode == 0
    assert "first" in done.stdout


def test_seed_runs_the_code_of_the_application_on_the_database(own: Own) -> None:
    folder = own.project / "src" / "backend" / "shared" / "database"
    folder.mkdir()
    (folder / "seed.py").write_text(
        "import os, sys; open('seeded', 'w').write(' '.join([*sys.argv[1:], os.environ['DATABASE_URL']])); sys.exit(3)"
    )
    assert own.db("seed", "5", "--add").returncode == 3
    assert (own.project / "seeded").read_text() == f"5 --add {own.url}"
    assert own.db("seed", "few").returncode == 2


def test_an_encrypted_connection_needs_a_client_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTGRES_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    parts = url_parts("postgresql://app@db.example.org/app?sslmode=verify-full&sslrootcert=/ca")
    with pytest.raises(
        UserError, match=r"^DATABASE_URL needs a psql with TLS\. Install it \(apt install postgresql-client\)"
    ):
        client("psql", parts)
    own = tmp_path / "psql"
    own.touch(0o755)
    assert client("psql", parts)[0][0] == str(own)
    assert client("psql", {**parts, "sslmode": "prefer"})[0][0] != str(own)


@pytest.mark.parametrize("arguments", [(), ("frobnicate",), ("dump",)])
def test_wrong_arguments_print_the_usage(small: Path, arguments: tuple[str, ...]) -> None:
    done = call(main, small, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: nox -s db --")
    assert not (small / ".data").exists()


# Forms of database URLs, and whether the sessions and the services accept them.
FORMS = {
    "postgresql://app@one:5432/app?sslmode=disable": True,
    "postgres://app@one/app": True,
    "postgresql://app@one:5432,two/app?target_session_attrs=read-write": True,
    "postgresql://app@[::1]:5432,[::2]:5433/app": True,
    "postgresql://app@%2Frun%2Fpostgresql/app": True,
    "postgresql:///app?host=/run/postgresql&user=app": True,
    "postgresql:///app?host=@abstract-socket": True,
    "postgresql:///?dbname=app&host=one,two&port=1,2": True,
    "postgresql://app@one/app?options=-c%20search_path%3Dtenant": True,
    "postgresql:///app?host=one,two&port=5432": False,
    "postgresql://app@one": False,
    "postgresql://app@rest-of-password@one/app": False,
    "postgresql://app@one:none/app": False,
    "postgresql://app@one:65536/app": False,
    "postgresql://app@one/app?unknown=1": False,
    "postgresql+psycopg://app@one/app": False,
    "host=one dbname=app": False,
    "one": False,
}


@pytest.mark.parametrize("form", FORMS)
def test_sessions_and_services_accept_the_same_urls(form: str) -> None:
    with inside(ROOT / "template"):
        parse_url = importlib.import_module("shared.database.engine").parse_url
        if FORMS[form]:
            url = parse_url(form)
            _, options = create_engine(url).dialect.create_connect_args(url)
            assert {name: str(value) for name, value in options.items() if name != "context"} == url_parts(form)
            assert url_parts(changed_url(form, dbname="other")) == {**url_parts(form), "dbname": "other"}
            return
        with pytest.raises(ValueError, match=f"^{re.escape(MALFORMED)}$"):
            parse_url(form)
    with pytest.raises(UserError, match=f"^DATABASE_URL: {re.escape(MALFORMED)}$"):
        url_parts(form)


def test_a_url_without_a_database_is_an_error_without_its_password(small: Path, given: dict[str, str]) -> None:
    done = call(main, small, "dump", "file", **{**given, "DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:9"})
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stderr
