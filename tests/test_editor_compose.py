"""The entries of launch.json for services in Compose: a debugger attaches, and images of production have none."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tasks.core.ports import is_free
from tests.debug_adapter import Debugger, configurations
from tests.support import ROOT
from tests.tasks.requirements import engine
from toolkit.application import free_port
from toolkit.stack import Stack

TEMPLATE = ROOT / "template"
DEBUGGER = "debugger"


def overlay() -> dict[str, dict[str, object]]:
    """The services of compose.debug.yaml."""
    found: dict[str, dict[str, object]] = yaml.safe_load((TEMPLATE / "compose.debug.yaml").read_text())["services"]
    return found


def test_each_service_has_an_entry_for_its_debugger_port() -> None:
    offered = [each for each in configurations(TEMPLATE).values() if each["request"] == "attach"]
    named = {each["name"].removesuffix(" in Compose"): f"127.0.0.1:{each['connect']['port']}:5678" for each in offered}
    assert {name: [port] for name, port in named.items()} == {
        name: service["ports"] for name, service in overlay().items() if name != DEBUGGER
    }
    assert set(named) == {path.parent.name for path in (TEMPLATE / "src" / "backend").glob("*/__main__.py")}
    assert {each["connect"]["host"] for each in offered} == {"127.0.0.1"}


@pytest.fixture
def stack(rendered: Callable[[str], Path], tmp_path: Path) -> Iterator[Stack]:
    """The stack of a fresh project, ready for debuggers."""
    engine()
    ports = [each["connect"]["port"] for each in configurations(TEMPLATE).values() if each["request"] == "attach"]
    assert [port for port in ports if not is_free(port)] == []
    project = Path(shutil.copytree(rendered("backend"), tmp_path / "my-app", symlinks=True))
    running = Stack(project, f"debug-{secrets.token_hex(4)}", free_port())
    try:
        running.session("up", "--debug")
        yield running
    finally:
        running.remove()


@pytest.mark.containers
def test_a_breakpoint_in_a_container_stops_a_request_and_images_have_no_debugger(stack: Stack) -> None:
    endpoints = stack.project / "src" / "backend" / "auth" / "mailed_endpoints.py"
    lines = endpoints.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "await mailed.register(" in text)
    user = {"email": "ada@example.com", "name": "Ada", "password": "a long enough password"}
    answers: list[int] = []
    with Debugger(configurations(stack.project)["auth in Compose"]) as debugger:
        debugger.start({endpoints: [line]})
        client = threading.Thread(
            target=lambda: answers.append(httpx.post(f"{stack.url}/api/auth/register", json=user).status_code)
        )
        client.start()
        assert debugger.stopped_at() == (str(endpoints), line)
        assert answers == []
        debugger.go_on()
        client.join()
        debugger.ask("disconnect", terminateDebuggee=False)
    assert answers == [202]
    assert httpx.get(f"{stack.url}/health").status_code == 200
    assert not has_debugger(f"{stack.name}-auth")
    stack.down("--volumes", "--yes")
    assert left(stack.name) == []


def has_debugger(image: str) -> bool:
    """Whether Python finds the debugger in a container of this image."""
    look = "import importlib.util, json; print(json.dumps(importlib.util.find_spec('debugpy') is not None))"
    done = subprocess.run(
        ["docker", "run", "--rm", "--entrypoint", "python", image, "-c", look],
        capture_output=True,
        text=True,
        check=True,
    )
    return bool(json.loads(done.stdout))


def left(name: str) -> list[str]:
    """The remaining containers of the project."""
    command = ["docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={name}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
