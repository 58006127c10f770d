"""What is read from Compose files, containers and mounts."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker
import pytest
from docker.models.containers import Container

from tasks.compose import ports, status
from tasks.compose.compose import Compose, Port, read, services
from tasks.compose.compose_project import ComposeProject, host_path
from tasks.core.errors import UserError
from tasks.project.data_folder import FOLDER, DataFolder
from tests.tasks.requirements import engine
from tests.tasks.small_project import environment

CONFIG: dict[str, Any] = {
    "name": "app",
    "services": {
        "gateway": {
            "build": {"context": "."},
            "depends_on": {"tables": {"condition": "service_completed_successfully"}},
            "ports": [{"target": 8000, "published": "8080", "host_ip": "127.0.0.1"}, {"target": 1, "published": "2-3"}],
        },
        "store": {"image": "redis:8", "secrets": [{"source": "redis_password"}]},
        "tables": {"image": "tables", "depends_on": {"store": {"condition": "service_healthy"}}},
    },
}


def test_services_are_listed_after_their_dependencies() -> None:
    store, tables, gateway = services(CONFIG)
    assert [store.name, tables.name, gateway.name] == ["store", "tables", "gateway"]
    assert [store.is_task, tables.is_task, gateway.is_task] == [False, True, False]
    assert [store.image, gateway.image] == ["redis:8", "app-gateway"]
    assert [store.secrets, gateway.secrets] == [["redis_password"], []]
    assert gateway.ports == [Port(8080, 8000, "127.0.0.1")]


def test_a_folder_whose_name_compose_cannot_use_is_reported_with_the_setting(tmp_path: Path) -> None:
    engine()
    project = tmp_path / "проект"
    project.mkdir()
    (project / "compose.yaml").write_text('name: ""\nservices:\n  a:\n    image: a\n')
    local = environment()
    local.pop("COMPOSE_PROJECT_NAME", None)
    with pytest.raises(UserError, match=r"must not be empty\n.* Set COMPOSE_PROJECT_NAME=my-app in \.env\.local\.$"):
        read(Compose(project, local))
    assert read(Compose(project, {**local, "COMPOSE_PROJECT_NAME": "my-app"}))[0] == "my-app"


@pytest.mark.parametrize(("address", "url"), [("", "http://127.0.0.1:1"), ("192.0.2.1", "http://192.0.2.1:1")])
def test_a_published_port_has_a_url(address: str, url: str) -> None:
    assert Port(1, 2, address).url == url


def container(
    status: str, health: str = "", code: int = 0, restarts: int = 0, *, out_of_memory: bool = False
) -> Container:
    state = {"Status": status, "Health": {"Status": health}, "ExitCode": code, "OOMKilled": out_of_memory}
    return Container({"State": state, "RestartCount": restarts})


@pytest.mark.parametrize(
    ("found", "is_task", "problem"),
    [
        (container("running", "healthy", restarts=2), False, None),
        (container("running"), False, None),
        (container("running", "unhealthy"), False, "is unhealthy"),
        (container("running", "starting"), False, "is not ready: its health check has not passed yet"),
        (container("running", "unhealthy", restarts=3), False, "is unhealthy (restarts: 3)"),
        (container("running"), True, "is still running"),
        (container("exited"), True, None),
        (container("exited"), False, "exited with code 0"),
        (container("exited", code=1), True, "exited with code 1"),
        (container("restarting", "unhealthy", 3, 2), False, "exited with code 3 (restarts: 2)"),
        (container("exited", code=137, out_of_memory=True), False, "ran out of memory; its limit is in compose.yaml"),
        (container("created"), False, "is created"),
        (container("paused", "healthy"), False, "is paused"),
    ],
)
def test_the_problem_of_a_container_is_described(found: Container, is_task: bool, problem: str | None) -> None:
    assert status.problem(found, is_task=is_task) == problem


def test_a_folder_in_a_container_is_found_on_the_host() -> None:
    mounts = [{"Destination": "/work", "Source": "/home/me"}, {"Destination": "/work/app", "Source": "/srv/app"}]
    assert host_path(Path("/work/app/.secrets"), mounts) == "/srv/app/.secrets"
    assert host_path(Path("/work/other"), mounts) == "/home/me/other"
    with pytest.raises(UserError, match="is not on the host"):
        host_path(Path("/elsewhere"), mounts)


def test_a_port_of_this_project_s_dev_is_reported_with_its_pid(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("# GATEWAY_PORT=8080\n")
    client = SimpleNamespace(containers=SimpleNamespace(list=lambda **_filters: []))
    data = DataFolder(tmp_path / FOLDER)
    with socket.create_server(("127.0.0.1", 0)) as used, data.owned("dev"):
        port = used.getsockname()[1]
        data.write("dev", {"pid": 4321, "services": {"gateway": {"port": port}}})
        found = services({"name": "x", "services": {"gateway": {"ports": [{"target": 1, "published": port}]}}})
        compose = Compose(tmp_path, {})
        place = ComposeProject(tmp_path, cast("docker.DockerClient", client), compose, "x", found, {}, None)
        with pytest.raises(
            UserError, match=r"in use by `nox -s dev` of this project \(PID 4321\)\.\nFree it or change"
        ):
            ports.check(place)
