"""Machines without Docker, or with an engine that is old, closed or remote."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tasks.compose import engine
from tasks.core.errors import UserError
from tests.support import ROOT
from tests.tasks.requirements import engine as required_engine, on_small_disk
from tests.tasks.small_stack import SmallStack, small_stack

WITHOUT = "Without Docker, `nox -s dev` runs the application too."


@contextmanager
def answering(version: dict[str, Any]) -> Iterator[str]:
    """The address of a server that answers `/version` as an engine of that version does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(version).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()


def refusal(**environment: str) -> str:
    """The message with which an engine is refused."""
    with pytest.raises(UserError) as caught:
        engine.connect(environment)
    return str(caught.value)


def test_a_missing_or_closed_socket_is_reported(tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/engine.sock"
    expected = f"No Docker Engine answers at {address}: it is not running.\n"
    assert refusal(DOCKER_HOST=address).startswith(expected)
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(tmp_path / "engine.sock"))
    message = refusal(DOCKER_HOST=address)
    assert message.startswith(expected)
    assert message.endswith(WITHOUT)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "tcp://localhost:9", "nonsense"])
def test_an_address_without_an_engine_is_reported(address: str) -> None:
    message = refusal(DOCKER_HOST=address)
    assert message.startswith(f"No Docker Engine answers at {address}: ")
    assert len(message.splitlines()) == 2


def test_a_socket_without_permission_is_reported(tmp_path: Path, ordinary_user: list[str]) -> None:
    address = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(address))
        closed.listen()
        address.chmod(0)
        tmp_path.chmod(0o755)
        code = f"from tasks.compose import engine; engine.connect({{'DOCKER_HOST': 'unix://{address}'}})"
        done = subprocess.run(
            [*ordinary_user, sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert f"UserError: The current user may not use the Docker Engine at unix://{address}.\n" in done.stderr
    assert "usermod --append --groups docker" in done.stderr
    assert "rootless" in done.stderr


@pytest.mark.parametrize(("version", "api"), [("20.10.24", "1.41"), ("24.0.9", "1.43")])
def test_an_old_engine_is_refused(version: str, api: str) -> None:
    with answering({"Version": version, "ApiVersion": api, "Components": [{"Name": "Engine"}]}) as address:
        message = refusal(DOCKER_HOST=address)
    assert message.startswith(f"The Docker Engine at {address} is too old: ")
    assert "25 or newer is needed" in message


def test_podman_is_refused() -> None:
    with answering({"Version": "5.2.1", "ApiVersion": "1.41", "Components": [{"Name": "Podman Engine"}]}) as address:
        assert refusal(DOCKER_HOST=address).startswith(f"The engine at {address} is Podman")


@pytest.mark.parametrize(
    "address",
    [
        "ssh://me@elsewhere",
        "SSH://elsewhere",
        "tcp://elsewhere:2375",
        "https://192.0.2.1:2376",
        "tcp://127.0.0.1@elsewhere:1",
        "tcp://localhost.example.com:2375",
    ],
)
def test_an_engine_on_another_machine_is_refused(address: str) -> None:
    assert f"is on another machine ({address}), which cannot read this project's secrets" in refusal(
        DOCKER_HOST=address
    )


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:2375", "tcp://localhost:2375", "tcp://[::1]:2375", "tcp://:2375"])
def test_a_loopback_address_is_not_another_machine(address: str) -> None:
    assert engine.LOCAL.fullmatch(address)


def test_a_machine_without_docker_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match=r"^Docker is not installed\. Get it: ") as caught:
        engine.check_programs()
    assert str(caught.value).endswith(WITHOUT)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 1", "Docker's Compose plugin is missing. Get it: apt install docker-compose-plugin, or "),
        (
            "[ $1 = compose ] && echo 2.33.0",
            "Docker's Buildx plugin is missing. Get it: apt install docker-buildx-plug",
        ),
        ("echo 2.26.1", "Docker Compose 2.26.1 is too old: 2.33 or newer is needed. Get it: https://docs.docker.com"),
        ("echo v1.29.2", "Docker Compose v1.29.2 is too old: 2.33 or newer is needed."),
    ],
)
def test_a_missing_or_old_plugin_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        engine.check_programs()
    assert len(str(caught.value).splitlines()) == (1 if "too old" in message else 2)


@pytest.mark.containers
def test_the_real_programs_are_accepted() -> None:
    required_engine()
    assert re.match(r"\d+\.\d+", engine.check_programs())


@pytest.mark.containers
@pytest.mark.parametrize("plugin", ["compose", "buildx"])
def test_docker_reports_a_plugin_that_is_missing(tmp_path: Path, plugin: str) -> None:
    required_engine()
    about = subprocess.run(
        ["docker", "info", "--format", "{{json .ClientInfo.Plugins}}"], capture_output=True, text=True, check=True
    ).stdout
    places = {each["Name"]: Path(each["Path"]) for each in json.loads(about)}
    kept = tmp_path / "plugins"
    shutil.copytree(places[plugin].parent, kept, ignore=shutil.ignore_patterns(f"docker-{plugin}"))
    folder = places[plugin].resolve().parent if places[plugin].is_symlink() else places[plugin].parent
    wrapper = on_small_disk(folder, megabytes=200)
    wrapper[wrapper.index("-c") + 1] = wrapper[wrapper.index("-c") + 1].replace(
        ' && exec "$@"', f' && cp -R "{kept}/." "$0" && exec "$@"'
    )
    check = [sys.executable, "-c", "from tasks.compose import engine; engine.check_programs()"]
    done = subprocess.run([*wrapper, *check], cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"Docker's {plugin.capitalize()} plugin is missing." in done.stderr


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    with small_stack(tmp_path_factory.mktemp("stack")) as small:
        yield small


def engine_socket(stack: SmallStack) -> str:
    address: str = json.loads(stack.docker("context", "inspect"))[0]["Endpoints"]["docker"]["Host"]
    return address.removeprefix("unix://")


class Relay:
    """A socket that forwards to the engine's until it is closed with all its connections."""

    def __init__(self, place: Path, target: str) -> None:
        self._target = target
        self._open = [socket.socket(socket.AF_UNIX)]
        self._open[0].bind(str(place))
        self._open[0].listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._open[0].accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(self._target)
                self._open += [here, there]
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=self._forward, args=pair, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)


@pytest.mark.containers
def test_an_engine_that_stops_answering_is_reported(stack: SmallStack) -> None:
    place = stack.folder / "engine.sock"
    relay = Relay(place, engine_socket(stack))
    never = {"DOCKER_HOST": f"unix://{place}", "STORE_PROBE": "not yet", "START_PERIOD": "600s"}
    with stack.start("up", settings=never) as process:
        output = ""
        for line in process.stdout or ():
            output += line
            if "store-1  Waiting" in line:
                relay.close()
    assert process.returncode == 1, output
    assert "The Docker Engine failed or stopped answering: " in output
    assert "Traceback" not in output


@pytest.mark.containers
def test_the_docker_context_is_used(stack: SmallStack) -> None:
    address = f"unix://{stack.folder}/missing.sock"
    home = str(stack.folder / "docker")
    for arguments in (["create", "other", "--docker", f"host={address}"], ["use", "other"]):
        command = ["docker", "context", *arguments]
        subprocess.run(command, env={**stack.settings, "DOCKER_CONFIG": home}, check=True, capture_output=True)
    code, output = stack.run("status", DOCKER_CONFIG=home)
    assert code == 1
    assert f"No Docker Engine answers at {address}: " in output
    assert "No Docker Engine" not in stack.run("status", DOCKER_CONFIG=home, DOCKER_CONTEXT="default")[1]


@pytest.mark.containers
@pytest.mark.parametrize("is_configured", [True, False])
def test_a_context_that_does_not_exist_is_refused(stack: SmallStack, tmp_path: Path, is_configured: bool) -> None:
    (tmp_path / "config.json").write_text('{"currentContext": "gone"}')
    settings = {"DOCKER_CONFIG": str(tmp_path)} if is_configured else {"DOCKER_CONTEXT": "gone"}
    before = stack.containers()
    for command in ("up", "watch", "status", "logs", "restart store", "down"):
        code, output = stack.run(*command.split(), **settings)
        reason, remedy = output.splitlines()[-2:]
        assert (code, remedy) == (1, "See: docker context ls")
        assert reason.startswith('Docker\'s context cannot be used: context "gone": context not found: ')
    assert stack.containers() == before


@pytest.mark.containers
def test_a_context_is_found_without_a_configuration_file(stack: SmallStack, tmp_path: Path) -> None:
    stack.clean()
    settings = {"DOCKER_CONFIG": str(tmp_path)}
    command = ["docker", "context", "create", "other", f"--docker=host=unix://{engine_socket(stack)}"]
    subprocess.run(command, env={**stack.settings, **settings}, check=True, capture_output=True)
    assert "Nothing is running." in stack.run("status", **settings, DOCKER_CONTEXT="other")[1]


@pytest.mark.containers
def test_an_invalid_compose_file_is_reported_in_a_line_or_two(stack: SmallStack) -> None:
    compose = stack.folder / "compose.yaml"
    usual = compose.read_text()
    try:
        compose.write_text("services: {store: {image: '${APP_NAME:?is not set}'}}\n")
        assert stack.run("status")[1] == "The setting APP_NAME is missing: nox -s setup writes .env.local.\n"
        compose.write_text("services: {store: {imag: x}}\n")
        code, output = stack.run("status")
        assert (code, "additional properties 'imag' not allowed" in output, len(output.splitlines())) == (1, True, 1)
        compose.unlink()
        assert "compose.yaml: no such file or directory" in stack.run("status")[1]
    finally:
        compose.write_text(usual)
