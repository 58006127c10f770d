"""REGISTRY sets the registry of every image, in the stack and in the devcontainer."""

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
    """The image that a service runs or is built on."""
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
    """The images that are not from the mirror; each service has at least one."""
    named = [name for service in found.values() for name in images(service)]
    assert len(named) >= len(found)
    return [name for name in named if not name.startswith(f"{MIRROR}/")]


@pytest.fixture
def prepared(project: Path) -> Path:
    """A project with settings, but without REGISTRY."""
    engine()
    (project / env_file.LOCAL).write_text("APP_NAME=x\nENVIRONMENT=development\n", encoding="utf-8")
    return project


def test_sessions_read_the_registry_from_the_settings(prepared: Path) -> None:
    with (prepared / env_file.LOCAL).open("a", encoding="utf-8") as settings:
        settings.write(f"REGISTRY={MIRROR}\n")
    compose = Compose(prepared, env_file.settings(prepared), [prepared / "compose.debug.yaml"])
    assert elsewhere(json.loads(compose.output("config", "--format=json"))["services"]) == []


def test_the_devcontainer_reads_the_registry_from_the_environment(prepared: Path) -> None:
    command = ("docker", "compose", "--file=.devcontainer/compose.yaml", "config", "--format=json")
    assert elsewhere(services(*command, cwd=prepared, REGISTRY=MIRROR)) == []
    assert len(elsewhere(services(*command, cwd=prepared))) >= 3
