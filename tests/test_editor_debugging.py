"""The entries of launch.json with a real debugger: services of a running `nox -s dev`, and one test."""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tasks.dev import debug
from tasks.project.data_folder import FOLDER, DataFolder
from tests.debug_adapter import Debugger, configurations
from tests.support import copy_cluster, nox, run
from tests.tasks.small_project import Dev, get, until

# Not auth, which the test of a request debugs.
SERVICES = ["gateway", "projects"]
BACKEND = Path("src/backend")


@pytest.fixture(scope="module")
def running(rendered: Callable[[str], Path], cluster: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """`dev` in a fresh project."""
    folder = tmp_path_factory.mktemp("debugged") / "my-app"
    shutil.copytree(rendered("backend"), folder, symlinks=True)
    copy_cluster(cluster, folder)
    dev = Dev(folder)
    try:
        dev.ready()
        yield dev
    finally:
        dev.stop()
        dev.kill()


def line_of(path: Path, text: str) -> int:
    """The number of the line with this text."""
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def pid(dev: Dev, service: str) -> int | None:
    """The PID of a service that `dev` runs; None while a debugger runs it."""
    found: int | None = json.loads((dev.project / ".data" / "dev.json").read_text())["services"][service]["pid"]
    return found


def is_ready(url: str) -> bool:
    """Whether the service reports that it is ready."""
    try:
        return httpx.get(f"{url}/health/detailed").is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("service", SERVICES)
def test_a_debugged_service_replaces_the_one_of_dev_until_it_ends(running: Dev, service: str) -> None:
    url = running.ready()["services"][service]["url"]
    start = running.project / BACKEND / service / "__main__.py"
    line = line_of(start, "run(")
    with Debugger(configurations(running.project)[service]) as debugger:
        debugger.start({start: [line]})
        assert debugger.stopped_at() == (str(start), line)
        assert pid(running, service) is None
        assert get(f"{url}/health") == ""
        debugger.go_on()
        until(lambda: is_ready(url))
        debugger.ask("disconnect", terminateDebuggee=True)
    until(lambda: pid(running, service) is not None)
    assert is_ready(url)


def test_a_request_through_the_gateway_stops_at_a_breakpoint_in_a_service(running: Dev) -> None:
    about = running.ready()
    endpoints = running.project / BACKEND / "auth" / "mailed_endpoints.py"
    line = line_of(endpoints, "await mailed.register(")
    user = {"email": "ada@example.com", "name": "Ada", "password": "a long enough password"}
    answers: list[int] = []
    with Debugger(configurations(running.project)["auth"]) as debugger:
        debugger.start({endpoints: [line]})
        until(lambda: pid(running, "auth") is None and is_ready(about["services"]["auth"]["url"]))
        client = threading.Thread(
            target=lambda: answers.append(httpx.post(f"{about['url']}/api/auth/register", json=user).status_code)
        )
        client.start()
        assert debugger.stopped_at() == (str(endpoints), line)
        assert "Ada" in debugger.ask("evaluate", expression="registration.name", frameId=debugger.frame)["result"]
        assert answers == []
        debugger.go_on()
        client.join()
        assert answers == [202]
        debugger.ask("disconnect", terminateDebuggee=True)
    until(lambda: pid(running, "auth") is not None)


def test_a_service_is_not_debugged_twice(running: Dev) -> None:
    with debug.suspended(DataFolder(running.project / FOLDER), "projects"):
        refused = run(sys.executable, "-m", "tasks", "dev.debug", "projects", cwd=running.project)
    assert refused.returncode == 1
    assert refused.stdout == "Another debugger runs projects. End that one first.\n"
    until(lambda: pid(running, "projects") is not None)


def test_a_change_of_the_code_does_not_restart_a_debugged_service(running: Dev) -> None:
    with debug.suspended(DataFolder(running.project / FOLDER), "projects"):
        (running.project / BACKEND / "projects" / "endpoints.py").touch()
        running.wait_for("Code changed: restarting projects.")
        (running.project / BACKEND / "auth" / "endpoints.py").touch()
        running.wait_for("Code changed: restarting auth.")
        assert pid(running, "projects") is None
    until(lambda: pid(running, "projects") is not None)


def test_a_missing_dev_is_reported_with_its_command(project: Path) -> None:
    refused = run(sys.executable, "-m", "tasks", "dev.debug", "auth", cwd=project)
    assert refused.returncode == 1
    assert refused.stdout == "The application is not running. Start it: python3 noxfile.py -s dev\n"


def test_the_task_that_starts_dev_recognises_its_readiness(running: Dev) -> None:
    tasks = json.loads((running.project / ".vscode" / "tasks.json").read_text())["tasks"]
    [dev] = [each for each in tasks if each["label"] == "dev"]
    watcher = dev["problemMatcher"]["background"]
    assert re.search(watcher["endsPattern"], running.text(), re.MULTILINE)
    assert re.search(watcher["beginsPattern"], "Code changed: restarting auth.", re.MULTILINE)
    again = nox(running.project, *dev["args"][1:])
    assert again.returncode == 0, again.stdout
    assert re.search(watcher["endsPattern"], again.stdout, re.MULTILINE)


@pytest.mark.slow
def test_a_selected_test_is_debugged_in_the_environment_of_editors(project: Path) -> None:
    # It has the packages of the same lock; installing them takes seconds.
    (project / ".venv").symlink_to((project / ".nox" / "typecheck").resolve())
    file = project / "tests" / "shared" / "test_pagination.py"
    name = re.findall(r"def (test_\w+)", file.read_text())[0]
    offered = configurations(project, file=str(file), selectedText=name)
    [one] = [each for each in offered.values() if each.get("module") == "pytest"]
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if f"def {name}" in text) + 1
    with Debugger({**one, "python": [str(project / ".venv" / "bin" / "python")]}) as debugger:
        debugger.start({file: [line]})
        assert debugger.stopped_at() == (str(file), line)
        debugger.go_on()
        assert debugger.event("exited")["exitCode"] == 0
        assert "1 passed" in debugger.output()
