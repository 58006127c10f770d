"""The stack of a fresh project: its sessions, health, data, hardening, networks and images."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from tasks.core.ports import Ports
from tests.container_facts import (
    reached_from_container,
    reached_from_here,
    reached_from_network,
    weaknesses,
)
from tests.support import nox, run
from tests.tasks.requirements import engine
from tests.tasks.small_project import get
from toolkit.application import environment
from toolkit.reliability import episode
from toolkit.reliability.__main__ import missing
from toolkit.reliability.client import Client, busy, connected
from toolkit.reliability.embedded import SETTINGS
from toolkit.reliability.faults import Fault
from toolkit.reliability.record import Record
from toolkit.stack import Stack, docker

pytestmark = pytest.mark.containers
SERVICES = {"auth", "frontend", "gateway", "migrations", "postgres", "projects", "redis", "worker"}
STORES = {"postgres": 5432, "redis": 6379}
BEHIND = {"auth": 8001, "projects": 8002}
WATCH_SECONDS = 600.0
SECRETS = (
    *("auth_database_password", "auth_signing_key", "database_password", "postgres_certificate"),
    *("projects_database_password", "redis_certificate", "redis_password", "worker_database_password"),
)
# Prints which connections of services to the database are encrypted.
ENCRYPTED = """
SELECT application_name, bool_and(ssl) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
WHERE client_addr IS NOT NULL GROUP BY 1 ORDER BY 1
"""
# Connects from the container of auth as it does, and in ways that must be refused; prints a line for each.
REACH = """
import os, socket, psycopg, redis
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
def secret(name): return open("/run/secrets/" + name).read()
def database(**options):
    login = {"user": "app_auth_login", "password": secret("auth_database_password")}
    psycopg.connect(os.environ["DATABASE_URL"], **login, **options).close()
def store(**options):
    client = redis.Redis.from_url(os.environ["REDIS_URL"], password=secret("redis_password"), retry=None)
    client.connection_pool.connection_kwargs |= options
    client.ping()
def plain_store(**options):
    redis.Redis(host="redis", password=secret("redis_password"), retry=None).ping()
for call, options in (
    (database, {}), (database, {"sslmode": "disable"}),
    (database, {"sslrootcert": BUNDLE}), (database, {"host": socket.gethostbyname("postgres")}),
    (store, {}), (plain_store, {}), (store, {"ssl_ca_certs": BUNDLE}), (store, {"host": socket.gethostbyname("redis")}),
):
    try:
        call(**options)
        print("reached")
    except (psycopg.OperationalError, redis.ConnectionError) as error:
        print(*str(error).split())
"""
REACHED = [
    *("^reached$", "no encryption", "certificate verify failed", "does not match host name"),
    *("^reached$", "Connection", "certificate verify failed", "IP address mismatch"),
]
ORDINARY = {
    "runs as root",
    "has capabilities",
    "may gain privileges",
    "lets its root be written",
    "is configured with a writable root",
    "is configured with capabilities",
}


@pytest.fixture(scope="module")
def stack(rendered: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running stack of a fresh project; removed with its data and images afterwards."""
    engine()
    project = tmp_path_factory.mktemp("stack") / "my-app"
    shutil.copytree(rendered("everything"), project, symlinks=True)
    with Ports() as ports:
        running = Stack(project, f"proof-{secrets.token_hex(4)}", ports.take())
        try:
            running.up()
            yield running
        finally:
            running.remove()


def running(stack: Stack) -> dict[str, dict[str, Any]]:
    """The engine's attributes of each running container of the stack."""
    return {name: about for name, about in stack.inspect().items() if about["State"]["Running"]}


def test_a_fresh_project_comes_up_healthy(stack: Stack) -> None:
    assert set(stack.inspect()) >= SERVICES
    assert set(running(stack)) >= SERVICES - {"migrations"}
    assert stack.unhealthy() == {}


def test_the_session_shows_the_state_and_readable_logs(stack: Stack) -> None:
    done = nox(stack.project, "-s", "stack", "--", "status", **stack.settings)
    assert done.returncode == 0, done.stdout
    assert len(re.findall(r" Up .*\(healthy\)", done.stdout)) == len(SERVICES) - 1
    assert re.search(r"^gateway │ [\d:.]+ \w+ ", stack.session("logs", "gateway"), re.MULTILINE)
    assert '"status":"ok"' in get(f"{stack.url}/health/detailed")


def test_the_end_to_end_tests_pass(stack: Stack) -> None:
    done = nox(stack.project, "-s", "e2e", "--", stack.url, "-q")
    assert done.returncode == 0, done.stdout


# Turns the data into those of a version whose migrations and services were the superuser.
ONE_ROLE = """
ALTER DATABASE app OWNER TO app; REASSIGN OWNED BY app_owner TO app; DROP OWNED BY app_auth, app_projects, app_worker;
DROP ROLE app_auth_login, app_auth_login_b, app_projects_login, app_projects_login_b, app_worker_login,
app_worker_login_b, app_owner, app_auth, app_projects, app_worker;
"""


@pytest.mark.parametrize("killed", ["", "postgres", "redis", "roles"])
def test_data_and_sessions_survive_down_and_up_and_a_killed_store(stack: Stack, killed: str) -> None:
    def inject() -> None:
        if killed == "roles":
            docker("exec", stack.container("postgres"), "psql", "--username=app", "--command", ONE_ROLE)
            for name in ("auth", "projects", "worker"):
                (stack.project / f".secrets/{name}_database_password").unlink()
            output = stack.session("up")
            assert (
                "Wrote .secrets/: auth_database_password, projects_database_password, worker_database_password."
                in output
            )
            assert "replacing the containers that read it: migrations, auth, projects, worker" in output
        elif killed:
            stack.kill(killed)
            stack.await_healthy(episode.BOUND_SECONDS)
        else:
            down = nox(stack.project, "-s", "stack", "--", "down", **stack.settings)
            assert "The data is kept" in down.stdout
            assert stack.inspect() == {}
            up = nox(stack.project, "-s", "stack", "--", "up", **stack.settings)
            assert f"  gateway   {stack.url}\n" in up.stdout

    async def write_and_read() -> None:
        record = Record()
        async with connected(stack.urls, record) as client:
            await client.join()
            for _ in range(3):
                await client.work()
            for _ in range(2):
                await client.session()
            await asyncio.to_thread(inject)
            await client.who()
            assert len(record.writes) == 10
            assert await missing(client, record.writes) == []

    asyncio.run(write_and_read())


def test_a_service_that_does_not_come_back_is_reported(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    fault: Fault[Stack] = Fault("kill", frozenset({"projects"}), lambda stack: stack.kill("projects"))

    async def observe() -> list[str]:
        record = Record()
        async with connected(stack.urls, record) as client:
            await client.join()
            async with busy(client):
                found = await episode.observe(stack, client, fault)
        return found.failures(record)

    projects = stack.container("projects")
    docker("update", "--restart=no", projects)
    try:
        with monkeypatch.context() as impatient:
            impatient.setattr(episode, "BOUND_SECONDS", 4.0)
            impatient.setattr(episode, "QUIET_SECONDS", 0.5)
            failures = asyncio.run(observe())
    finally:
        docker("update", "--restart=unless-stopped", projects)
        docker("start", projects)
        stack.await_healthy(episode.BOUND_SECONDS)
    assert failures[0].startswith("not healthy within 4 s: {'projects': 'exited (137)'")
    # An export is only asked for once in a while.
    assert failures[1].replace("exports, ", "") == "no success within 4 s: projects, readiness"


def test_containers_are_unprivileged_with_a_read_only_root(stack: Stack) -> None:
    containers = running(stack)
    found = {name: weaknesses(about) for name, about in containers.items()}
    assert {name: weak for name, weak in found.items() if weak} == {}
    migrations = stack.inspect()["migrations"]
    assert migrations["HostConfig"]["ReadonlyRootfs"]
    assert migrations["HostConfig"]["CapDrop"] == ["ALL"]
    assert migrations["Config"]["User"].split(":")[0] not in {"", "0", "root"}


def test_the_weaknesses_of_an_ordinary_container_are_found(stack: Stack) -> None:
    image = stack.inspect()["redis"]["Config"]["Image"]
    ordinary = docker("run", "--detach", "--entrypoint=sleep", image, "600").strip()
    try:
        assert weaknesses(json.loads(docker("inspect", ordinary))[0]) == ORDINARY
    finally:
        docker("rm", "--force", ordinary)


def test_the_gateway_and_the_frontend_are_published_on_the_loopback_address(stack: Stack) -> None:
    published = {name: about["HostConfig"]["PortBindings"] or {} for name, about in stack.inspect().items()}
    places = {name: [place for each in found.values() for place in each] for name, found in published.items() if found}
    assert places == {
        name: [{"HostIp": "127.0.0.1", "HostPort": str(port)}]
        for name, port in (("gateway", stack.port), ("frontend", stack.frontend_port))
    }


def places(containers: dict[str, dict[str, Any]], network: str, ports: dict[str, int]) -> list[str]:
    """HOST:PORT of these containers by their names and by their addresses in a network."""
    found = [f"{name}:{port}" for name, port in ports.items()]
    for name, port in ports.items():
        address = containers[name]["NetworkSettings"]["Networks"][network]["IPAddress"]
        found += [f"{address}:{port}", f"{containers[name]['Name'].strip('/')}:{port}"]
    return found


def test_services_are_reached_by_the_gateway_and_not_by_the_host(stack: Stack) -> None:
    containers = running(stack)
    image = containers["gateway"]["Config"]["Image"]
    data, edge, services = (f"{stack.name}_{name}" for name in ("data", "edge", "services"))
    assert all(set(containers[name]["NetworkSettings"]["Networks"]) == {data, services} for name in BEHIND)
    names = places(containers, services, BEHIND)
    assert reached_from_container(containers["gateway"]["Id"], names) == set(names)
    names += places(containers, data, BEHIND)
    assert reached_from_network(edge, image, names) == set()
    assert reached_from_network("bridge", image, names) == set()
    assert reached_from_here(names) == set()
    # So an address that is reached would be found.
    open_places = places(containers, edge, {"gateway": 8000})
    assert len(reached_from_network(edge, image, open_places)) == len(open_places)


def test_the_data_network_is_reached_only_from_inside(stack: Stack) -> None:
    containers = running(stack)
    image = containers["gateway"]["Config"]["Image"]
    data, edge = f"{stack.name}_data", f"{stack.name}_edge"
    for name in STORES:
        expected = {data, f"{stack.name}_limits"} if name == "redis" else {data}
        assert set(containers[name]["NetworkSettings"]["Networks"]) == expected
    names = places(containers, data, STORES)
    assert reached_from_network(data, image, names) == set(names)
    assert reached_from_network(edge, image, names) == set()
    assert reached_from_network("bridge", image, names) == set()
    # Redis counts the requests of its rate limits.
    redis = {name for name in names if name.startswith(("redis:", containers["redis"]["Name"].strip("/")))}
    assert reached_from_container(containers["gateway"]["Id"], names) == redis
    assert reached_from_here(names) == set()


def test_connections_are_encrypted_and_verified_and_others_are_refused(stack: Stack) -> None:
    query = ("psql", "--username=app", "--tuples-only", "--no-align", "--command", ENCRYPTED)
    assert docker("exec", stack.container("postgres"), *query).split() == ["auth|t", "projects|t", "worker|t"]
    lines = docker("exec", stack.container("auth"), "python", "-c", REACH).splitlines()
    assert [line for line, pattern in zip(lines, REACHED, strict=True) if not re.search(pattern, line)] == []


def test_the_attributes_of_containers_hold_no_secret(stack: Stack) -> None:
    shown = json.dumps(stack.inspect())
    values = [(stack.project / ".secrets" / name).read_text(encoding="utf-8").strip() for name in SECRETS]
    assert all(len(value) > 30 for value in values)
    assert [name for name, value in zip(SECRETS, values, strict=True) if value in shown] == []


@pytest.mark.parametrize("lack", ["no secrets", "empty secrets"])
def test_no_server_starts_without_a_password(stack: Stack, tmp_path: Path, lack: str) -> None:
    project = tmp_path / "my-app"
    shutil.copytree(stack.project, project, symlinks=True, ignore=shutil.ignore_patterns(".nox", ".git", ".data"))
    folder = project / ".secrets"
    shutil.rmtree(folder)
    if lack == "empty secrets":
        folder.mkdir()
        for name in (*SECRETS, "ca_certificate"):
            (folder / name).touch()
    other = Stack(project, f"{stack.name}-{secrets.token_hex(2)}", stack.port)
    try:
        done = run("docker", "compose", "up", "--wait", *STORES, cwd=project, **other.settings)
        assert done.returncode != 0, done.stdout
        assert set(other.unhealthy()) == set(other.inspect())
    finally:
        other.remove()


@contextmanager
def watched(stack: Stack) -> Iterator[Callable[[str], None]]:
    """The session that watches the code, until Ctrl-C; yields a function that reads its output up to a text."""
    with subprocess.Popen(
        [sys.executable, "noxfile.py", "-s", "stack", "--", "watch"],
        cwd=stack.project,
        env=environment(stack.settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as process:
        timeout = Timer(WATCH_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        timeout.start()

        def until(text: str) -> None:
            output = ""
            for line in process.stdout or ():
                output += line
                if text in line:
                    return
            pytest.fail(f"it ended without {text!r}:\n{output}")

        try:
            yield until
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(WATCH_SECONDS)
            timeout.cancel()


def test_a_change_of_shared_code_replaces_exactly_the_services_that_contain_it(stack: Stack) -> None:
    new = stack.project / "src" / "backend" / "shared" / "new.py"
    expected = {"auth", "projects", "gateway", "worker"}
    with watched(stack) as until:
        until("Watch enabled")
        before = stack.containers()
        new.write_text("ANSWER = 42\n")
        until("successfully built")
        while expected - {name for name, now in stack.containers().items() if now != before.get(name)}:
            time.sleep(0.2)
        stack.await_healthy(episode.BOUND_SECONDS)
        assert {name for name, now in stack.containers().items() if now != before.get(name)} == expected
    for name in expected:
        code = ("python", "-c", "from shared.new import ANSWER; print(ANSWER)")
        assert docker("exec", stack.container(name), *code) == "42\n"
    assert stack.unhealthy() == {}
    assert '"status":"ok"' in get(f"{stack.url}/health/detailed")
    new.unlink()


def test_rotations_with_two_instances_fail_no_request_and_sign_nobody_out(stack: Stack) -> None:
    limitless = replace(stack, others=SETTINGS)
    limitless.up()
    scale = [f"--scale={name}=2" for name in ("auth", "projects", "worker")]
    run("docker", "compose", "up", "--detach", "--no-build", "--wait", *scale, cwd=stack.project, **limitless.settings)
    outputs: list[str] = []
    log = stack.project / "rotations.log"

    async def observe() -> list[str]:
        record = Record()
        async with connected(stack.urls, record) as client:

            def rotate(_stack: Stack) -> None:
                old_key = key_of(client)
                for what in ("signing-key", "database-password"):
                    done = nox(stack.project, "-s", "rotate", "--", what, "--stack", "--delay=90", **limitless.settings)
                    assert done.returncode == 0, done.stdout
                    outputs.append(done.stdout)
                while key_of(client) == old_key:
                    time.sleep(1)

            await client.join()
            async with busy(client):
                found = await episode.observe(stack, client, Fault("rotation", frozenset(), rotate))
            assert await missing(client, record.writes) == []
        return found.failures(record)

    try:
        with log_of(limitless, log):
            failures = asyncio.run(observe())
        problems = re.findall(r".*level\": \"(?:warning|error|critical).*", log.read_text())
        assert failures == [], "\n".join(problems[-200:])
        assert [sorted(re.findall(r"^Replacing .*-(\w+)-\d\.$", each, re.MULTILINE)) for each in outputs] == [
            ["auth", "auth"],
            ["auth", "auth", "projects", "projects", "worker", "worker"],
        ]
        query = "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname LIKE '%login%' ORDER BY 1"
        psql = ("psql", "--username=app", "--tuples-only", "--no-align", "--command", query)
        roles = docker("exec", stack.container("postgres"), *psql).split()
        assert roles == ["app_auth_login_b", "app_projects_login_b", "app_worker_login_b"]
    finally:
        stack.up()


@contextmanager
def log_of(stack: Stack, file: Path) -> Iterator[None]:
    """Write what all containers of the stack log meanwhile, also those that are replaced, to a file."""
    command = ("docker", "compose", "logs", "--follow", "--no-color", "--tail=0")
    with file.open("w") as output:
        environment = {**os.environ, **stack.settings}
        process = subprocess.Popen(command, cwd=stack.project, env=environment, stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def key_of(client: Client) -> str:
    """The ID of the key that has signed the client's access token."""
    header = str(client._token).partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])


def test_the_images_pass_their_own_checks(stack: Stack) -> None:
    done = nox(stack.project, "-s", "images", **stack.settings)
    assert done.returncode == 0, done.stdout
    assert len(re.findall(r"^check +[\w, ]+ +ok$", done.stdout, re.MULTILINE)) == 5
    assert re.search(r"^gateway +\d+\.\d +\+\d+\.\d$", done.stdout, re.MULTILINE)
    assert re.search(r"^(scan of gateway SKIPPED: |\w+ +gateway +ok$)", done.stdout, re.MULTILINE)


def test_compose_without_settings_names_the_command_that_writes_them(rendered: Callable[[str], Path]) -> None:
    engine()
    done = run("docker", "compose", "up", cwd=rendered("everything"), COMPOSE_PROJECT_NAME="proof-nothing")
    assert done.returncode != 0
    assert "is not set; run nox -s setup" in done.stdout
