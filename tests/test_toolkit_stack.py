"""The toolkit's compose.yaml: the template's stack, started from the root."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT, nox, run
from tests.tasks.requirements import engine
from toolkit.application import free_port
from toolkit.stack import Stack, docker

pytestmark = pytest.mark.containers
PARTS = ("compose.yaml", "tasks", "template")


@pytest.fixture(scope="module")
def toolkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A copy of the toolkit's files after `setup`; its containers are removed afterwards."""
    engine()
    copy = tmp_path_factory.mktemp("toolkit")
    listing = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in run(*listing, *PARTS, cwd=ROOT).stdout.split("\0")[:-1]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    done = nox(copy / "template", "-s", "setup")
    assert done.returncode == 0, done.stdout
    stack = Stack(copy, f"toolkit-{secrets.token_hex(4)}", free_port())
    try:
        yield stack
    finally:
        stack.remove()


def configured(stack: Stack, folder: Path) -> dict[str, Any]:
    """The resolved compose.yaml of a folder, without x- parts, which an inclusion drops."""
    done = run("docker", "compose", "config", "--format=json", cwd=folder, **stack.settings)
    assert done.returncode == 0, done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return {name: value for name, value in found.items() if not name.startswith("x-")}


def test_the_stack_is_that_of_the_template(toolkit: Stack) -> None:
    of_root = configured(toolkit, toolkit.project)
    assert of_root == configured(toolkit, toolkit.project / "template")
    assert {"postgres", "redis", "migrations", "auth", "projects", "gateway", "worker"} <= set(of_root["services"])


def test_servers_start_from_the_root_with_the_secrets_of_the_template(toolkit: Stack) -> None:
    done = run("docker", "compose", "up", "--wait", "postgres", "redis", cwd=toolkit.project, **toolkit.settings)
    assert done.returncode == 0, done.stdout
    assert set(toolkit.inspect()) == {"postgres", "redis"}
    assert toolkit.unhealthy() == {}
    password = (toolkit.project / "template" / ".secrets" / "redis_password").read_text(encoding="utf-8").strip()
    answers = [ping(toolkit, given) for given in (password, "another")]
    assert answers[0] == "PONG"
    assert "PONG" not in answers[1]


def ping(stack: Stack, password: str) -> str:
    """The answer of Redis to a ping with this password."""
    client = ("redis-cli", "--tls", "--cacert", "/run/secrets/ca_certificate")
    return docker("exec", f"--env=REDISCLI_AUTH={password}", stack.container("redis"), *client, "ping").strip()
