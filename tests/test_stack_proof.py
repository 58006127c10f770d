"""The stack of a fresh project, asked of the engine and of the application: healthy, lasting, hardened, shut off."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from toolkit.reliability.client import busy, connected
from toolkit.reliability.faults import Fault
from toolkit.reliability.record import Record
from toolkit.stack import Stack, docker

SERVICES = {"auth", "gateway", "migrations", "postgres", "projects", "redis"}
STORES = {"postgres": 5432, "redis": 6379}
WATCH_SECONDS = 600.0
SECRETS = ("auth_signing_key", "database_password", "redis_password")
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
    """The whole stack of a fresh project, up; removed with its data and images in the end."""
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
    """What the engine knows of each running container of the stack."""
    return {name: about for name, about in stack.inspect().items() if about["State"]["Running"]}


def test_a_fresh_project_comes_up_healthy(stack: Stack) -> None:
    assert set(stack.inspect()) >= SERVICES
    assert set(running(stack)) >= SERVICES - {"migrations"}
    assert stack.unhealthy() == {}


def test_the_end_to_end_tests_pass_as_they_do_against_dev(stack: Stack) -> None:
    done = nox(stack.project, "-s", "e2e", "--", stack.url, "-q")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("killed", ["", "postgres", "redis"])
def test_data_and_sessions_outlast_down_and_up_and_a_killed_store(stack: Stack, killed: str) -> None:
    def inflict() -> None:
        if killed:
            stack.kill(killed)
            stack.await_healthy(episode.BOUND_SECONDS)
        else:
            stack.down()
            assert stack.inspect() == {}
            stack.up()

    async def endure() -> None:
        record = Record()
        async with connected(stack.url, record) as client:
            await client.join()
            for _ in range(3):
                await client.work()
            for _ in range(2):
                await client.session()
            await asyncio.to_thread(inflict)
            await client.who()
            assert len(record.writes) == 10
            assert await missing(client, record.writes) == []

    asyncio.run(endure())


def test_a_service_that_does_not_come_back_is_reported(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = Fault("kill", frozenset({"projects"}), lambda stack: stack.kill("projects"))

    async def endure() -> list[str]:
        record = Record()
        async with connected(stack.url, record) as client:
            await client.join()
            async with busy(client):
                found = await episode.endure(stack, client, fault)
        return found.verdict(record)

    projects = stack.container("projects")
    docker("update", "--restart=no", projects)
    try:
        with monkeypatch.context() as impatient:
            impatient.setattr(episode, "BOUND_SECONDS", 4.0)
            verdict = asyncio.run(endure())
    finally:
        docker("update", "--restart=unless-stopped", projects)
        docker("start", projects)
        stack.await_healthy(episode.BOUND_SECONDS)
    assert verdict[0].startswith("not healthy by itself in 4 s: {'projects': 'exited (137)'")
    assert verdict[1] == "no answer again in 4 s: projects, readiness"


def test_no_container_runs_as_root_or_could_become_it_or_has_a_root_to_write_on(stack: Stack) -> None:
    containers = running(stack)
    found = {name: weaknesses(about) for name, about in containers.items()}
    assert {name: weak for name, weak in found.items() if weak} == {}
    migrations = stack.inspect()["migrations"]
    assert migrations["HostConfig"]["ReadonlyRootfs"]
    assert migrations["HostConfig"]["CapDrop"] == ["ALL"]
    assert migrations["Config"]["User"].split(":")[0] not in {"", "0", "root"}


def test_an_ordinary_container_would_be_found_weak(stack: Stack) -> None:
    image = stack.inspect()["redis"]["Config"]["Image"]
    ordinary = docker("run", "--detach", "--entrypoint=sleep", image, "600").strip()
    try:
        assert weaknesses(json.loads(docker("inspect", ordinary))[0]) == ORDINARY
    finally:
        docker("rm", "--force", ordinary)


def test_only_the_gateway_is_published_and_only_to_this_machine(stack: Stack) -> None:
    published = {name: about["HostConfig"]["PortBindings"] or {} for name, about in stack.inspect().items()}
    places = {name: [place for each in found.values() for place in each] for name, found in published.items() if found}
    assert places == {"gateway": [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]}


def test_the_data_network_is_reached_from_inside_only(stack: Stack) -> None:
    containers = running(stack)
    image = containers["gateway"]["Config"]["Image"]
    data, edge = f"{stack.name}_data", f"{stack.name}_edge"
    names = [f"{name}:{port}" for name, port in STORES.items()]
    for name, port in STORES.items():
        networks = containers[name]["NetworkSettings"]["Networks"]
        assert set(networks) == {data}
        names += [f"{networks[data]['IPAddress']}:{port}", f"{containers[name]['Name'].strip('/')}:{port}"]
    assert reached_from_network(data, image, names) == set(names)
    assert reached_from_network(edge, image, names) == set()
    assert reached_from_network("bridge", image, names) == set()
    assert reached_from_container(containers["gateway"]["Id"], names) == set()
    assert reached_from_here(names) == set()


def test_the_engine_shows_no_secret(stack: Stack) -> None:
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
        for name in SECRETS:
            (folder / name).touch()
    other = Stack(project, f"{stack.name}-{secrets.token_hex(2)}", stack.port)
    try:
        done = run("docker", "compose", "up", "--wait", *STORES, cwd=project, **other.settings)
        assert done.returncode != 0, done.stdout
        assert set(other.unhealthy()) == set(other.inspect())
    finally:
        other.remove()


@contextmanager
def watched(stack: Stack) -> Iterator[Callable[[str], str]]:
    """The session that watches the code, until Ctrl-C; what is given reads on to a line with the text."""
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
        end = Timer(WATCH_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        end.start()

        def until(text: str) -> str:
            said = ""
            for line in process.stdout or ():
                said += line
                if text in line:
                    return said
            pytest.fail(f"it ended without {text!r}:\n{said}")

        try:
            yield until
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(WATCH_SECONDS)
            end.cancel()


def test_a_change_of_shared_code_reaches_all_that_is_made_of_it(stack: Stack) -> None:
    new = stack.project / "src" / "backend" / "shared" / "new.py"
    with watched(stack) as until:
        until("Watching the code of auth, projects, gateway;")
        before = {name: stack.container(name) for name in SERVICES}
        new.write_text("ANSWER = 42\n")
        until("Code changed: building auth, projects, gateway\n")
        until("gateway  │ ready: healthy")
        assert {name for name in SERVICES if stack.container(name) != before[name]} == {"auth", "projects", "gateway"}
        assert stack.unhealthy() == {}
    for name in ("auth", "projects", "gateway"):
        code = ("python", "-c", "from shared.new import ANSWER; print(ANSWER)")
        assert docker("exec", stack.container(name), *code) == "42\n"
    assert stack.unhealthy() == {}
    assert '"status":"ok"' in get(f"{stack.url}/health/detailed")
    new.unlink()


def test_without_settings_compose_says_what_to_do(rendered: Callable[[str], Path]) -> None:
    engine()
    done = run("docker", "compose", "up", cwd=rendered("everything"), COMPOSE_PROJECT_NAME="proof-nothing")
    assert done.returncode != 0
    assert "is not set; run nox -s setup" in done.stdout
