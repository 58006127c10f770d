"""`stack` on machines without Docker, or where it is old, closed or elsewhere: what is missing, in plain words."""

from __future__ import annotations

import json
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

import docker
import pytest

from tasks.compose import programs
from tasks.compose.devcontainer import on_the_host
from tasks.core.errors import UserError
from tasks.project import setup
from tests.support import ROOT
from tests.tasks.compose.test_compose import SLEEP
from tests.tasks.requirements import engine, on_small_disk
from tests.tasks.small_project import Dev, environment
from tests.tasks.small_stack import SmallStack, small_stack

WITHOUT = "Without Docker, `nox -s dev` runs the application too.\n"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[SmallStack]:
    with small_stack(tmp_path) as small:
        yield small


@contextmanager
def answering(version: dict[str, Any]) -> Iterator[str]:
    """The address of a server that answers `/version` like an engine of that version."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(version).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Passage:
    """A socket that leads to the engine's, until it is closed with all that passes."""

    def __init__(self, place: Path, engine_socket: str) -> None:
        self._engine_socket = engine_socket
        self._open: list[socket.socket] = []
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(place))
        self._door.listen()
        threading.Thread(target=self._admit, daemon=True).start()

    def close(self) -> None:
        for each in (self._door, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _admit(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(self._engine_socket)
                self._open += [here, there]
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)


def engine_socket(stack: SmallStack) -> str:
    address: str = json.loads(stack.docker("context", "inspect"))[0]["Endpoints"]["docker"]["Host"]
    return address.removeprefix("unix://")


def test_an_engine_that_goes_away_is_told(stack: SmallStack) -> None:
    place = stack.folder / "engine.sock"
    passage = Passage(place, engine_socket(stack))
    never = {"DOCKER_HOST": f"unix://{place}", "STORE_PROBE": "not yet", "START_PERIOD": "600s"}
    with stack.start("up", settings=never) as process:
        said = ""
        for line in process.stdout or ():
            said += line
            if "store      │ starting" in line:
                passage.close()
    assert process.returncode == 1, said
    assert "The Docker Engine went away or failed: " in said
    assert "Traceback" not in said


def test_an_engine_that_is_not_there_is_told(stack: SmallStack) -> None:
    address = f"unix://{stack.folder}/engine.sock"
    code, said = stack.run("up", DOCKER_HOST=address)
    assert code == 1
    assert f"No Docker Engine answers at {address}: it is not running, or" in said
    assert said.endswith(WITHOUT)


def test_an_engine_that_has_ended_is_told(stack: SmallStack) -> None:
    address = stack.folder / "engine.sock"
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(address))
    code, said = stack.run("status", DOCKER_HOST=f"unix://{address}")
    assert code == 1
    assert f"No Docker Engine answers at unix://{address}: it is not running, or" in said


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "tcp://localhost:9", "nonsense"])
def test_an_address_that_leads_nowhere_is_told(stack: SmallStack, address: str) -> None:
    code, said = stack.run("status", DOCKER_HOST=address)
    assert code == 1
    assert f"No Docker Engine answers at {address}: " in said
    assert len(said.splitlines()) == 2


def test_an_engine_that_the_user_may_not_use_is_told(stack: SmallStack, ordinary_user: list[str]) -> None:
    address = stack.folder / "engine.sock"
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(address))
        closed.listen()
        address.chmod(0)
        code, said = stack.run(
            "status", wrapper=tuple(ordinary_user), DOCKER_HOST=f"unix://{address}", HOME=str(stack.folder)
        )
    assert code == 1
    assert f"This user may not use the Docker Engine at unix://{address}.\n" in said
    assert "usermod --append --groups docker" in said
    assert "rootless" in said


@pytest.mark.parametrize(("version", "api"), [("20.10.24", "1.41"), ("24.0.9", "1.43"), ("1.11.2", "1.23")])
def test_an_engine_that_is_too_old_is_told(stack: SmallStack, version: str, api: str) -> None:
    with answering({"Version": version, "ApiVersion": api, "Components": [{"Name": "Engine"}]}) as address:
        code, said = stack.run("status", DOCKER_HOST=address)
    assert code == 1
    assert f"The Docker Engine at {address} is too old: " in said
    assert "needed is 25 or newer" in said


def test_podman_is_told_apart(stack: SmallStack) -> None:
    with answering({"Version": "5.2.1", "ApiVersion": "1.41", "Components": [{"Name": "Podman Engine"}]}) as address:
        assert f"Podman answers at {address}" in stack.run("status", DOCKER_HOST=address)[1]


@pytest.mark.parametrize("address", ["ssh://me@elsewhere", "tcp://elsewhere:2375", "https://192.0.2.1:2376"])
def test_an_engine_on_another_machine_is_refused(stack: SmallStack, address: str) -> None:
    code, said = stack.run("up", DOCKER_HOST=address)
    assert code == 1
    assert f"is on another machine ({address}), which cannot read this project's secrets" in said


def test_the_context_is_honoured(stack: SmallStack) -> None:
    address = f"unix://{stack.folder}/engine.sock"
    home = str(stack.folder / "docker")
    for words in (["create", "other", "--docker", f"host={address}"], ["use", "other"]):
        command = ["docker", "context", *words]
        subprocess.run(command, env={**stack.settings, "DOCKER_CONFIG": home}, check=True, capture_output=True)
    code, said = stack.run("status", DOCKER_CONFIG=home)
    assert code == 1
    assert f"No Docker Engine answers at {address}: " in said
    assert "Nothing of it runs" in stack.run("status", DOCKER_CONFIG=home, DOCKER_CONTEXT="default")[1]


def test_a_context_that_does_not_exist_is_told(stack: SmallStack) -> None:
    code, said = stack.run("status", DOCKER_CONTEXT="no-such-context")
    assert code == 1
    assert 'context "no-such-context"' in said
    assert "Traceback" not in said


def test_a_machine_without_docker_is_told(tmp_path: Path) -> None:
    done = _session(tmp_path, PATH="/nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("Docker is not installed: there is no `docker` program.")
    assert done.stderr.endswith(WITHOUT)


@pytest.mark.parametrize("plugin", ["compose", "buildx"])
def test_a_plugin_that_is_missing_is_told(stack: SmallStack, tmp_path: Path, plugin: str) -> None:
    about = json.loads(stack.docker("info", "--format", "{{json .ClientInfo.Plugins}}"))
    places = {each["Name"]: Path(each["Path"]) for each in about}
    kept = tmp_path / "plugins"
    shutil.copytree(places[plugin].parent, kept, ignore=shutil.ignore_patterns(f"docker-{plugin}"))
    folder = places[plugin].resolve().parent if places[plugin].is_symlink() else places[plugin].parent
    wrapper = on_small_disk(folder, megabytes=200)
    wrapper[wrapper.index("-c") + 1] = wrapper[wrapper.index("-c") + 1].replace(
        ' && exec "$@"', f' && cp -R "{kept}/." "$0" && exec "$@"'
    )
    code, said = stack.run("status", wrapper=tuple(wrapper))
    assert code == 1
    assert f"Docker's {plugin.capitalize()} plugin is missing." in said


def test_a_compose_that_is_too_old_is_told(stack: SmallStack) -> None:
    plugin = stack.folder / "docker" / "cli-plugins" / "docker-compose"
    plugin.parent.mkdir(parents=True)
    about = '{"SchemaVersion": "0.1.0", "Vendor": "Docker Inc.", "Version": "v2.10.2"}'
    plugin.write_text(f"#!/bin/sh\ncase $1 in docker-cli-plugin-metadata) echo '{about}' ;; *) echo 2.10.2 ;; esac\n")
    plugin.chmod(0o755)
    code, said = stack.run("status", DOCKER_CONFIG=str(stack.folder / "docker"))
    assert code == 1
    assert "Docker Compose 2.10.2 is too old; needed is 2.24 or newer." in said


def test_the_machine_s_own_programs_will_do() -> None:
    engine()
    assert programs.check()


def test_a_port_that_this_project_s_dev_has_is_told(small: Path, given: dict[str, str]) -> None:
    engine()
    (small / "compose.yaml").write_text(
        "services:\n  gateway:\n    image: python:3.13-slim-trixie\n    ports: ['127.0.0.1:${GATEWAY_PORT:?}:8000']\n"
    )
    setup.complete(small)
    usual = (small / ".env.example").read_text().split("GATEWAY_PORT=")[1].split()[0]
    dev = Dev(small, settings=given)
    try:
        dev.ready()
        done = _session(small, "up", GATEWAY_PORT=usual)
        assert done.returncode == 1
        taken = f"is taken by `nox -s dev` of this project (process {dev.process.pid}).\nEnd that, or set GATEWAY_PORT"
        assert taken in done.stderr
        dev.stop()
    finally:
        dev.kill()


def test_settings_that_are_missing_are_told_in_one_line(stack: SmallStack) -> None:
    (stack.folder / "compose.yaml").write_text("services: {store: {image: '${APP_NAME:?is not set}'}}\n")
    said = stack.run("status")[1]
    assert said == "The setting APP_NAME is missing: nox -s setup writes .env.local.\n"


def test_files_that_are_wrong_are_told_in_compose_s_words(stack: SmallStack) -> None:
    compose = stack.folder / "compose.yaml"
    compose.write_text("services:\n  gateway:\n    image: ${NOWHERE_SET:?is not set}\n")
    code, said = stack.run("status")
    assert code == 1
    assert "NOWHERE_SET" in said
    assert "nox -s setup" in said
    compose.unlink()
    try:
        assert "restore it: git checkout compose.yaml" in stack.run("status")[1]
    finally:
        compose.write_text("services: {}\n")


def test_a_folder_of_ours_is_found_on_the_host() -> None:
    mounts = [{"Destination": "/work", "Source": "/home/me"}, {"Destination": "/work/app", "Source": "/srv/app"}]
    assert on_the_host(Path("/work/app/.secrets"), mounts) == "/srv/app/.secrets"
    assert on_the_host(Path("/work/other"), mounts) == "/home/me/other"
    with pytest.raises(UserError, match="is not on the host"):
        on_the_host(Path("/elsewhere"), mounts)


IN_A_CONTAINER = """
import docker, pathlib, sys
sys.path[:0] = ["/toolkit", "/libraries"]
from tasks.stack import devcontainer
container = devcontainer.own_container(docker.from_env())
print(devcontainer.on_the_host(pathlib.Path("/workspace/.secrets"), container.attrs["Mounts"]))
"""


def test_in_a_container_the_host_s_folder_is_asked_of_the_engine(stack: SmallStack) -> None:
    mounts = {
        engine_socket(stack): "/var/run/docker.sock",
        str(ROOT): "/toolkit",
        str(Path(docker.__file__).parent.parent): "/libraries",
        str(stack.folder): "/workspace",
    }
    volumes = [word for here, there in mounts.items() for word in ("--volume", f"{here}:{there}:ro")]
    said = stack.docker(
        *("run", "--rm", "--env", "PYTHONPATH=/libraries", "--hostname", "devcontainer", *volumes),
        *(SLEEP[0], "python3", "-c", IN_A_CONTAINER),
    )
    assert said.strip() == f"{stack.folder}/.secrets"


def _session(project: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tasks.compose", *(arguments or ["status"])],
        cwd=project,
        env={**environment(PYTHONPATH=str(ROOT)), **settings},
        capture_output=True,
        text=True,
        check=False,
    )
