"""The embedded servers: real, closed to others, durable where they should be, gone when their owner is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
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
from tasks.servers.postgres import Postgres
from tasks.servers.postgres_programs import major_version
from tasks.servers.running import running
from tasks.servers.valkey import Valkey
from tests.support import ROOT
from tests.tasks.requirements import on_small_disk, user_namespaces
from tests.tasks.small_project import environment, until
from tests.tasks.users import NAMELESS, ORDINARY, as_ordinary

# A program that runs servers until it is killed, and says where they are.
HOLD = """
import json, sys, time
from dataclasses import asdict
from pathlib import Path
from tasks.servers import persistent, temporary
with persistent("test", Path(sys.argv[1])) if sys.argv[1:] else temporary() as servers:
    print(json.dumps(asdict(servers)), flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def no_servers_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "POSTGRES_BIN"):
        monkeypatch.delenv(name, raising=False)


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


def ask(url: str, question: str) -> str:
    with psycopg.connect(url) as connection:
        return str(connection.cursor(row_factory=scalar_row).execute(question.encode()).fetchone())


def listeners(port: int) -> list[Any]:
    """The sockets that listen on the port."""
    every = psutil.net_connections("tcp")
    return [each for each in every if each.status == psutil.CONN_LISTEN and getattr(each.laddr, "port", 0) == port]


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


def test_temporary_servers_are_real_and_closed_to_those_without_the_password(servers: Servers) -> None:
    assert ask(servers.database_url, "SHOW server_version").startswith("18")
    assert ask(servers.database_url, "SELECT usesuper FROM pg_user WHERE usename = current_user") == "True"
    assert redis.Redis.from_url(servers.redis_url).ping()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(servers.database_url, password="guessed")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(servers.redis_url.replace("://:", "://:guessed")).ping()
    secrets = [url.rpartition(":")[0].rpartition("@")[0].rpartition(":")[2] for url in vars(servers).values()]
    shown = "".join(" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    assert not [secret for secret in secrets if secret in shown]


def test_servers_listen_on_the_loopback_address_only(servers: Servers) -> None:
    port = int(servers.redis_url.rpartition(":")[2].partition("/")[0])
    assert {each.laddr.ip for each in listeners(port)} == {"127.0.0.1"}
    assert ask(servers.database_url, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(servers.database_url, "SHOW unix_socket_directories") == ""


def test_servers_do_not_run_as_root(servers: Servers) -> None:
    port = int(servers.database_url.rpartition(":")[2].partition("/")[0])
    assert [psutil.Process(each.pid).uids().effective != 0 for each in listeners(port)] == [True]


def test_temporary_servers_given_by_the_environment_are_used(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", servers.database_url)
    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    with temporary() as found:
        assert found == servers


def test_temporary_servers_and_their_folder_go_when_their_owner_is_killed() -> None:
    process, servers = hold()
    folder = Path(ask(servers.database_url, "SHOW data_directory")).parent.parent
    process.kill()
    process.wait()
    until(lambda: not answers(servers.database_url) and not folder.exists())


def test_persistent_servers_keep_what_was_committed_when_all_is_killed(tmp_path: Path) -> None:
    process, servers = hold(str(tmp_path))
    assert ask(servers.database_url, "SHOW fsync") == "on"
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
        assert ask(again.database_url, "SELECT n FROM kept") == "1"
        assert redis.Redis.from_url(again.redis_url).get("kept") == b"1"


def test_a_second_user_of_persistent_servers_joins_the_first(tmp_path: Path) -> None:
    with persistent("first", tmp_path) as first, persistent("second", tmp_path) as second:
        assert second == first


def test_a_folder_has_one_owner_whose_name_others_learn(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / ".data")
    with data.owned("dev"):
        assert data.is_owned()
        with pytest.raises(InUseError, match=rf"`nox -s dev` \(process {os.getpid()}\)"), data.owned("db"):
            pass
    assert not data.is_owned()


def test_a_recycled_process_number_is_left_alone(tmp_path: Path) -> None:
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


def test_a_stale_pid_file_is_no_obstacle_though_its_number_was_given_to_another(tmp_path: Path) -> None:
    with persistent("test", tmp_path):
        pass
    with subprocess.Popen(["sleep", "60"], user=_owner(tmp_path / ".data" / "postgres")) as bystander:
        (tmp_path / ".data/postgres/data/postmaster.pid").write_text(f"{bystander.pid}\n/elsewhere\n")
        with persistent("test", tmp_path) as servers:
            assert ask(servers.database_url, "SELECT 1") == "1"
        assert bystander.poll() is None
        bystander.kill()


def test_a_pid_file_that_a_power_cut_has_spoiled_is_no_obstacle(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", durable=False)
    with Group() as group:
        server.prepare(group)
        for content in ("", "\0\0\0\n", "nonsense\n"):
            path = tmp_path / "postgres/data/postmaster.pid"
            path.write_text(content)
            server.prepare(group)
            assert not path.exists()


@pytest.mark.parametrize(
    ("name", "content"), [("data/PG_VERSION", None), ("data/PG_VERSION", ""), ("password", None), ("password", "")]
)
def test_data_that_lacks_a_file_is_told_with_what_helps(tmp_path: Path, name: str, content: str | None) -> None:
    files = {"data/PG_VERSION": f"{major_version()}\n", "password": "x", name: content}
    (tmp_path / ".data/postgres/data").mkdir(parents=True)
    for path, text in files.items():
        if text is not None:
            (tmp_path / ".data/postgres" / path).write_text(text)
    with pytest.raises(UserError, match=rf"{name} is .*`nox -s db -- reset`"), persistent("test", tmp_path):
        pass


def test_what_is_left_of_a_folder_without_data_is_told_and_kept(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/password").write_text("x")
    with Group() as group, pytest.raises(UserError, match=r"PG_VERSION is .*`nox -s db -- reset`"):
        Postgres(tmp_path / "postgres").prepare(group)
    assert (tmp_path / "postgres/password").read_text() == "x"


@pytest.mark.usefixtures("as_root")
def test_data_of_another_user_is_told_with_what_helps(small: Path) -> None:
    (small / ".data/postgres/data").mkdir(parents=True)
    (small / ".data/postgres").chmod(0o700)
    os.chown(small / ".data", ORDINARY, ORDINARY)
    command = [*as_ordinary(), sys.executable, "-c", HOLD, str(small)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert f"sudo chown -R {ORDINARY} {small}/.data/postgres" in done.stderr


def test_a_password_file_of_valkey_that_is_empty_is_written_again(tmp_path: Path) -> None:
    server = Valkey(tmp_path / "valkey", durable=False)
    (tmp_path / "valkey").mkdir()
    (tmp_path / "valkey/valkey.conf").write_text("")
    with Group() as group, Ports() as ports, running(server, group, ports, on_usual=False) as url:
        assert redis.Redis.from_url(url).ping()


def test_a_postgres_that_runs_on_the_folder_already_is_told(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", durable=False)
    with (
        Group() as group,
        Ports() as ports,
        running(server, group, ports, on_usual=False),
        pytest.raises(UserError, match=r"Another PostgreSQL \(process \d+\) runs"),
    ):
        server.prepare(group)


def test_data_of_another_version_is_told_and_kept(tmp_path: Path) -> None:
    data = tmp_path / ".data" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    with (
        pytest.raises(UserError, match=r"was made by PostgreSQL 12, and this is PostgreSQL 18"),
        persistent("test", tmp_path),
    ):
        pass
    assert (data / "PG_VERSION").exists()


def test_an_initdb_that_was_interrupted_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".data" / "postgres.new" / "data").mkdir(parents=True)
    with persistent("test", tmp_path) as servers:
        assert ask(servers.database_url, "SELECT 1") == "1"
    assert not (tmp_path / ".data" / "postgres.new").exists()


def test_programs_are_looked_for_where_postgres_bin_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_BIN", str(tmp_path))
    with pytest.raises(UserError, match="set POSTGRES_BIN"), temporary():
        pass


def test_a_server_that_does_not_start_is_told_with_its_own_words(tmp_path: Path) -> None:
    with persistent("test", tmp_path):
        pass
    with (tmp_path / ".data/postgres/data/postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = nonsense\n")
    with (
        pytest.raises(UserError, match=r"PostgreSQL stopped: .*(shared_buffers|configuration file)"),
        persistent("test", tmp_path),
    ):
        pass


@pytest.mark.usefixtures("as_root")
def test_a_disk_that_fills_up_while_the_database_is_made_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from tasks.servers import postgres
from tasks.servers.group import Group
from tasks.trouble import UserError
postgres.ROOM_BYTES = 0
with Group() as group:
    try:
        postgres.Postgres(Path(sys.argv[1]) / "postgres").prepare(group)
    except UserError as error:
        print(trouble, [path.name for path in Path(sys.argv[1]).iterdir()])
"""
    command = [*on_small_disk(tmp_path, megabytes=20), sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"No room for PostgreSQL's data in {tmp_path}: the disk is full." in done.stdout, done.stderr
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.usefixtures("as_root")
def test_a_user_without_a_name_uses_a_user_namespace() -> None:
    user_namespaces()
    process, servers = hold(wrapper=tuple(as_ordinary(NAMELESS)))
    assert answers(servers.database_url)
    process.kill()
    process.wait()
    until(lambda: not answers(servers.database_url))


@pytest.mark.usefixtures("as_root")
def test_root_without_the_right_to_become_another_uses_a_user_namespace() -> None:
    user_namespaces()
    process, servers = hold(wrapper=("setpriv", "--bounding-set=-all,+setfcap"))
    assert answers(servers.database_url)
    process.kill()
    process.wait()
    until(lambda: not answers(servers.database_url))


@pytest.mark.usefixtures("as_root")
def test_root_that_cannot_be_left_is_told_what_to_do() -> None:
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


def test_two_processes_never_choose_the_same_port() -> None:
    with Ports() as first, Ports() as second:
        port = first.take()
        assert second.take(port) != port
    with Ports() as third:
        assert third.take(port) == port


def _owner(folder: Path) -> int:
    return folder.stat().st_uid
