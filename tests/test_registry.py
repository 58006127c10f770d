"""One variable leads every image to a mirror, in the stack as in the devcontainer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.compose.compose import Compose
from tasks.project import env_file
from tests.support import run
from tests.tasks.requirements import engine

pytestmark = pytest.mark.containers
MIRROR = "mirror.example.com/library"


def images(service: dict[str, Any]) -> list[str]:
    """What a service runs or is built on, as Compose has understood it."""
    if "build" in service:
        return [str(value) for name, value in service["build"].get("args", {}).items() if name.endswith("_IMAGE")]
    return [str(service["image"])]


def services(*command: str, cwd: Path, **settings: str) -> dict[str, Any]:
    """The services that `docker compose … config` prints."""
    done = run(*command, cwd=cwd, **settings)
    assert done.returncode == 0, done.stdout
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


def elsewhere(found: dict[str, Any]) -> list[str]:
    """The images that do not come from the mirror; each service has at least one."""
    named = [name for service in found.values() for name in images(service)]
    assert len(named) >= len(found)
    return [name for name in named if not name.startswith(f"{MIRROR}/")]


@pytest.fixture
def prepared(project: Path) -> Path:
    """A project with its settings, which name no mirror yet."""
    engine()
    (project / env_file.LOCAL).write_text("APP_NAME=x\nENVIRONMENT=development\n", encoding="utf-8")
    return project


def test_the_sessions_take_it_from_the_settings(prepared: Path) -> None:
    with (prepared / env_file.LOCAL).open("a", encoding="utf-8") as settings:
        settings.write(f"REGISTRY={MIRROR}\n")
    compose = Compose(prepared, env_file.settings(prepared), with_debugger=True)
    assert elsewhere(json.loads(compose.output("config", "--format=json"))["services"]) == []


def test_the_devcontainer_takes_it_from_the_environment(prepared: Path) -> None:
    command = ("docker", "compose", "--file=.devcontainer/compose.yaml", "config", "--format=json")
    assert elsewhere(services(*command, cwd=prepared, REGISTRY=MIRROR)) == []
    assert len(elsewhere(services(*command, cwd=prepared))) >= 3
