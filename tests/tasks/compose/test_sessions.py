"""The sessions `stack` and `images` in a fresh project, as its README has them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.core.ports import Ports
from tests.support import nox, run
from tests.tasks.requirements import engine
from tests.tasks.small_project import get

SERVICES = ["auth", "gateway", "migrations", "postgres", "projects", "redis"]


@pytest.fixture
def settings() -> Iterator[dict[str, str]]:
    """A name and a port that no other stack has; nothing of that name is left."""
    client = engine()
    name = f"slipway-test-{uuid.uuid4().hex[:12]}"
    with Ports() as ports:
        port = ports.take()
    yield {"COMPOSE_PROJECT_NAME": name, "GATEWAY_PORT": str(port)}
    label: dict[str, str | list[str] | bool] = {"label": f"com.docker.compose.project={name}"}
    for container in client.containers.list(all=True, filters=label):
        container.remove(force=True)
    for network in client.networks.list(filters=label):
        network.remove()
    for volume in client.volumes.list(filters=label):
        volume.remove()
    for image in client.images.list(filters={"reference": f"{name}-*"}):
        client.images.remove(str(image.id), force=True)


def test_the_whole_application_runs_in_containers(project: Path, settings: dict[str, str]) -> None:
    done = nox(project, "-s", "stack", "--", "up", **settings)
    assert done.returncode == 0, done.stdout
    for service in SERVICES:
        assert re.search(rf"^{service} +│ ready: ", done.stdout, re.MULTILINE), done.stdout
    url = f"http://127.0.0.1:{settings['GATEWAY_PORT']}"
    assert f"  gateway   {url}\n" in done.stdout
    assert '"status":"ok"' in get(f"{url}/health/detailed")
    done = nox(project, "-s", "stack", "--", "status", **settings)
    assert done.returncode == 0, done.stdout
    assert len(re.findall(r"^\w+ +running +healthy ", done.stdout, re.MULTILINE)) == len(SERVICES) - 1
    done = nox(project, "-s", "stack", "--", "logs", "gateway", **settings)
    assert re.search(r"^gateway │ [\d:.]+ \w+ ", done.stdout, re.MULTILINE)
    done = nox(project, "-s", "stack", "--", "down", **settings)
    assert done.returncode == 0, done.stdout
    assert "the data stays for the next `up`" in done.stdout


def test_the_images_pass_their_own_checks(project: Path, settings: dict[str, str]) -> None:
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "x"]):
        run("git", "-c", "user.name=a", "-c", "user.email=a@b.c", *command, cwd=project)
    done = nox(project, "-s", "images", **settings)
    assert done.returncode == 0, done.stdout
    assert len(re.findall(r"^check +[\w, ]+ +ok$", done.stdout, re.MULTILINE)) == 3
    assert re.search(r"^gateway +\d+\.\d +\+\d+\.\d +first build +[\d.]+$", done.stdout, re.MULTILINE)
    assert re.search(r"^(scan of gateway SKIPPED, nothing is known: |\w+ +gateway +ok$)", done.stdout, re.MULTILINE)
