"""The embedded servers: real, closed to others, durable where they should be, gone when their owner is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis
from psycopg.rows import scalar_row

from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.project.data_folder import DataFolder, InUseError
from tasks.servers import Servers, persistent, temporary
from tasks.servers.group import Group
from tasks.servers.postgres import Postgres, major_version
from tests.support import ROOT, copy_cluster
from tests.tasks.requirements import on_small_disk, user_namespaces
from tests.tasks.small_project import FOREIGN, environment, until
from tests.tasks.users import NAMELESS, ORDINARY, as_ordinary

# A program that prints where its servers are, and runs them until it is killed.
HOLD = """
import json, sys, time
from dataclasses import asdict
from pathlib import Path
from tasks.servers import persistent, temporary
with persistent("test", Path(sys.argv[1])) if sys.argv[1:] else temporary() as servers:
    print(json.dumps(asdict(servers)), flush=True)
    time.sleep(60)
"""
CREATE = """
import sys
from pathlib import Path
from tasks.core.errors import UserError
from tasks.servers.group import Group
from tasks.servers.postgres import Postgres
with Group() as group:
    try:
        Postgres(Path(sys.argv[1]) / "postgres").prepare(group)
    except UserError as error:
        print(error, [path.name for path in Path(sys.argv[1]).iterdir()])
"""


@pytest.fixture(autouse=True)
def no_servers_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "POSTGRES_BIN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def postgres(cluster: Path, tmp_path: Path) -> Path:
    """The PostgreSQL folder of the project in `tmp_path`, initialised."""
    return copy_cluster(cluster, tmp_path)


def hold(*arguments: str, wrapper: tuple[str, ...] = ()) -> tuple[subprocess.Popen[str], Servers]:
    process = subprocess.Popen(
        [*wrapper, sys.executable, "-c", HOLD, *arguments],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Servers(**json.loads(process.stdout.readline()))


def query(url: str, statement: str) -> str:
    with psycopg.connect(url) as connection:
        return str(connection.cursor(row_factory=scalar_row).execute(statement.encode()).fetchone())


def listeners(url: str) -> list[Any]:
    """The sockets that listen on the URL's port."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    every = psutil.net_connections("tcp")
    return [each for each in every if each.status == psutil.CONN_LISTEN and getattr(each.laddr, "port", 0) == port]


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


def test_temporary_servers_are_real_and_require_the_password(servers: Servers) -> None:
    assert query(servers.database_url, "SHOW server_version").startswith("18")
    assert query(servers.database_url, "SELECT usesuper FROM pg_user WHERE usename = current_user") == "True"
    assert redis.Redis.from_url(servers.redis_url).ping()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(servers.database_url, password="guessed")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(servers.redis_url.replace("://:", "://:guessed")).ping()
    secrets = [url.rpartition(":")[0].rpartition("@")[0].rpartition(":")[2] for url in vars(servers).values()]
    shown = "".join(" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    assert not [secret for secret in secrets if secret in shown]


def test_servers_listen_on_loopback_only_and_do_not_run_as_root(servers: Servers) -> None:
    assert {each.laddr.ip for each in listeners(servers.redis_url)} == {"127.0.0.1"}
    assert query(servers.database_url, "SHOW listen_addresses") == "127.0.0.1"
    assert query(servers.database_url, "SHOW unix_socket_directories") == ""
    found = listeners(servers.database_url)
    assert [psutil.Process(each.pid).uids().effective != 0 for each in found] == [True]


def test_temporary_servers_from_the_environment_are_used(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", servers.database_url)
    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    with temporary() as found:
        assert found == servers


def test_temporary_servers_and_their_folder_end_with_their_owner() -> None:
    process, servers = hold()
    folder = Path(query(servers.database_url, "SHOW data_directory")).parent.parent
    process.kill()
    process.wait()
    until(lambda: not answers(servers.database_url) and not folder.exists())


@pytest.mark.usefixtures("postgres")
def test_persistent_servers_keep_commits_when_everything_is_killed(tmp_path: Path) -> None:
    process, servers = hold(str(tmp_path))
    assert query(servers.database_url, "SHOW fsync") == "on"
    with psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    client = redis.Redis.from_url(servers.redis_url)
    assert client.config_get("appendonly") == {"appendonly": "yes"}
    client.set("kept", "1")
    processes = json.loads((tmp_path / ".data" / "processes.json").read_text())
    assert client.waitaof(num_local=1, num_replicas=0, timeout=10_000) == [1, 0]
    for pid, _ in [*processes, [process.pid, 0]]:
        os.kill(pid, signal.SIGKILL)
    process.wait()
    with persistent("test", tmp_path) as again:
        assert query(again.database_url, "SELECT n FROM kept") == "1"
        assert redis.Redis.from_url(again.redis_url).get("kept") == b"1"


@pytest.mark.usefixtures("postgres")
def test_persistent_servers_are_shared_by_sessions(tmp_path: Path) -> None:
    with persistent("first", tmp_path) as first, persistent("second", tmp_path) as second:
        assert second == first


@pytest.mark.usefixtures("postgres")
def test_variables_for_other_servers_do_not_reach_embedded_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_variables() -> None:
        for name, text in FOREIGN.items():
            monkeypatch.setenv(name, text)

    set_variables()
    with persistent("first", tmp_path) as first:
        assert query(first.database_url, "SHOW server_version").startswith("18")
        set_variables()
        with persistent("second", tmp_path) as second:
            assert query(second.database_url, "SHOW server_version").startswith("18")


def test_server_that_refuses_its_own_password_is_reported_at_once(tmp_path: Path, postgres: Path) -> None:
    (postgres / "password").write_text("another")
    reason = r"The database at 127\.0\.0\.1:\d+ refused the connection: password authentication failed"
    with pytest.raises(UserError, match=rf"{reason}.*\nIts log: {postgres}/log"), persistent("test", tmp_path):
        pass


def test_data_folder_has_one_owner_whom_others_report(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / ".data")
    with data.owned("dev"):
        assert data.is_owned()
        with pytest.raises(InUseError, match=rf"`nox -s dev` \(PID {os.getpid()}\)"), data.owned("db"):
            pass
    assert not data.is_owned()


def test_data_folder_ends_leftovers_but_no_process_with_a_reused_pid(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / ".data")
    with subprocess.Popen(["sleep", "60"]) as bystander, subprocess.Popen(["sleep", "60"]) as leftover:
        with data.owned("dev"):
            data.remember(leftover.pid)
            known = data.read("processes")
        data.write("processes", [*known, [bystander.pid, psutil.Process(bystander.pid).create_time() - 60]])
        with data.owned("dev"):
            assert leftover.poll() is not None
            assert bystander.poll() is None
        bystander.kill()


def test_stale_pid_file_with_a_reused_or_damaged_pid_is_removed(tmp_path: Path, postgres: Path) -> None:
    pid_file = postgres / "data" / "postmaster.pid"
    with Group() as group:
        for content in ("", "\0\0\0\n", "nonsense\n"):
            pid_file.write_text(content)
            Postgres(postgres).prepare(group)
            assert not pid_file.exists()
    with subprocess.Popen(["sleep", "60"], user=postgres.stat().st_uid) as bystander:
        pid_file.write_text(f"{bystander.pid}\n/elsewhere\n")
        with persistent("test", tmp_path) as servers:
            assert query(servers.database_url, "SELECT 1") == "1"
        assert bystander.poll() is None
        bystander.kill()


@pytest.mark.parametrize(
    ("name", "content"), [("data/PG_VERSION", None), ("data/PG_VERSION", ""), ("password", None), ("password", "")]
)
def test_damaged_data_are_reported_and_kept(tmp_path: Path, name: str, content: str | None) -> None:
    files = {"data/PG_VERSION": f"{major_version()}\n", "password": "x", name: content}
    (tmp_path / "postgres/data").mkdir(parents=True)
    expected = {path: text for path, text in files.items() if text is not None}
    for path, text in expected.items():
        (tmp_path / "postgres" / path).write_text(text)
    with Group() as group, pytest.raises(UserError, match=rf"{name} is missing or damaged.*`nox -s db -- reset`"):
        Postgres(tmp_path / "postgres").prepare(group)
    assert {path: (tmp_path / "postgres" / path).read_text() for path in expected} == expected


@pytest.mark.usefixtures("as_root")
def test_data_of_another_user_are_reported(small: Path) -> None:
    (small / ".data/postgres/data").mkdir(parents=True)
    (small / ".data/postgres").chmod(0o700)
    os.chown(small / ".data", ORDINARY, ORDINARY)
    command = [*as_ordinary(), sys.executable, "-c", HOLD, str(small)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert f"sudo chown -R {ORDINARY} {small}/.data/postgres" in done.stderr


def test_postgres_that_already_runs_in_the_folder_is_reported(postgres: Path) -> None:
    server = Postgres(postgres, durable=False)
    with Group() as group, Ports() as ports:
        server.start(group, ports, on_usual=False)
        with pytest.raises(UserError, match=r"PostgreSQL already runs in .* Stop it: kill -INT \d+"):
            server.prepare(group)


def test_data_of_another_version_are_reported_and_kept(tmp_path: Path) -> None:
    data = tmp_path / ".data" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    with (
        pytest.raises(UserError, match=r"was created by PostgreSQL 12, but this is PostgreSQL 18"),
        persistent("test", tmp_path),
    ):
        pass
    assert (data / "PG_VERSION").exists()


def test_interrupted_initdb_is_repeated(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "data").mkdir(parents=True)
    with Group() as group:
        Postgres(tmp_path / "postgres", durable=False).prepare(group)
    assert (tmp_path / "postgres" / "data" / "PG_VERSION").exists()
    assert not (tmp_path / "postgres.new").exists()


def test_postgres_bin_without_programs_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_BIN", str(tmp_path))
    with pytest.raises(UserError, match=r"is missing\. Set POSTGRES_BIN to the folder of"), temporary():
        pass


def test_server_that_does_not_start_is_reported_with_its_log(tmp_path: Path, postgres: Path) -> None:
    with (postgres / "data/postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = nonsense\n")
    with (
        pytest.raises(UserError, match=r"PostgreSQL stopped: .*(shared_buffers|configuration file)"),
        persistent("test", tmp_path),
    ):
        pass


@pytest.mark.usefixtures("as_root")
def test_disk_that_fills_up_during_initdb_is_reported_and_nothing_remains(tmp_path: Path) -> None:
    command = [*on_small_disk(tmp_path, megabytes=20), sys.executable, "-c", CREATE, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("PostgreSQL cannot create its data folder: "), done.stderr
    assert "No space left on device" in done.stdout or "HINT:  Check free disk space." in done.stdout
    assert done.stdout.rstrip().endswith("[]")


def nameless() -> list[str]:
    return as_ordinary(NAMELESS)


def limited_root() -> list[str]:
    return ["setpriv", "--bounding-set=-all,+setfcap"]


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("user", [nameless, limited_root])
def test_user_whom_postgres_refuses_gets_a_user_namespace(user: Callable[[], list[str]]) -> None:
    user_namespaces()
    process, servers = hold(wrapper=tuple(user()))
    assert answers(servers.database_url)
    process.kill()
    process.wait()
    until(lambda: not answers(servers.database_url))


@pytest.mark.usefixtures("as_root")
def test_root_that_cannot_change_the_user_is_reported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HOLD],
        cwd=ROOT,
        env=environment(PATH="/nowhere"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PostgreSQL refuses to run as root" in done.stderr
    assert "DATABASE_URL" in done.stderr
