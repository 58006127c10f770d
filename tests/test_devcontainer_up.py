"""The devcontainer, started with the reference implementation of the specification and used as a developer does."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker import DockerClient

from tasks.compose import compose_project
from tasks.core import environments
from tasks.core.errors import UserError
from tests.support import ANSWERS, ROOT, render, run
from tests.tasks.requirements import engine, missing
from tests.tasks.users import NAMED
from toolkit.application import free_port

pytestmark = pytest.mark.containers
NODE = Path(sys.executable).with_name("node")
# IDs of users in Debian's images, and the developer's own.
TAKEN = {*range(100), 1000, 65534}


@dataclass(frozen=True)
class Devcontainer:
    """A project's devcontainer; commands on the host run as an ordinary user."""

    project: Path
    uid: int
    prefix: list[str]
    cli: Path

    def host(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command on the host."""
        return run(*self.prefix, *command, cwd=self.project, HOME=str(self.project.parent))

    def call(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the devcontainer CLI."""
        return self.host(NODE, self.cli, verb, "--workspace-folder", str(self.project), *arguments)

    def inside(self, *command: str) -> str:
        """The output of a command in the container, as the developer."""
        done = self.call("exec", *command)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def session(self, *arguments: str) -> str:
        """Run a session in the container."""
        return self.inside("python3", "noxfile.py", "-s", *arguments)


def host_user() -> tuple[int, list[str]]:
    """The ID of an ordinary user who may use Docker, and a prefix that runs a command as that user.

    As root, the owners of files would prove nothing; the CLI needs a user with a name.
    """
    if os.geteuid() != 0:
        return os.geteuid(), []
    candidates = sorted(uid for uid in NAMED - TAKEN)
    if not candidates:
        missing("engine", "this machine has no user whose ID is free in the image")
    uid, socket = candidates[0], Path("/var/run/docker.sock")
    groups = f"--groups={socket.stat().st_gid}"
    return uid, ["setpriv", f"--reuid={uid}", f"--regid={pwd.getpwuid(uid).pw_gid}", groups]


@pytest.fixture(scope="module")
def tool() -> Iterator[Path]:
    """The devcontainer CLI, from the lock of the session."""
    with tempfile.TemporaryDirectory(prefix="slipway-cli-") as folder:
        Path(folder).chmod(0o755)
        modules = environments.install_npm(ROOT / "tasks" / "editor", Path(folder))
        yield modules / "@devcontainers" / "cli" / "devcontainer.js"


@pytest.fixture(scope="module")
def opened(tool: Path) -> Iterator[Devcontainer]:
    """The devcontainer of a fresh project."""
    client = engine()
    uid, prefix = host_user()
    with tempfile.TemporaryDirectory(prefix="slipway-dev-", ignore_cleanup_errors=True) as folder:
        name = f"app-{secrets.token_hex(4)}"
        project = render(Path(folder) / name, ANSWERS / "backend.yml")
        for path in [Path(folder), *Path(folder).rglob("*")]:
            shutil.chown(path, uid, path.stat().st_gid)
        devcontainer = Devcontainer(project, uid, prefix, tool)
        try:
            up = devcontainer.call("up")
            assert up.returncode == 0, up.stdout[-3000:]
            assert json.loads(up.stdout.splitlines()[-1])["remoteUser"] == "developer"
            yield devcontainer
        finally:
            remove(client, name)


def remove(client: DockerClient, name: str) -> None:
    """Remove everything of the project from the engine."""
    label: dict[str, str | list[str] | bool] = {"label": f"com.docker.compose.project={name}_devcontainer"}
    for container in client.containers.list(all=True, filters=label):
        container.remove(force=True, v=True)
    for volume in client.volumes.list(filters=label):
        volume.remove()
    client.networks.prune(filters=label)
    for tag in [tag for image in client.images.list() for tag in image.tags if name in tag]:
        client.images.remove(tag, force=True)


def test_the_developer_has_the_id_of_the_host_user(opened: Devcontainer) -> None:
    assert opened.inside("id", "-u").split() == [str(opened.uid)]


def test_only_the_workspace_is_started(opened: Devcontainer) -> None:
    label = f"label=com.docker.compose.project={opened.project.name}_devcontainer"
    running = opened.inside("docker", "ps", "--filter", label, "--format", "{{.Names}}").split()
    assert running == [f"{opened.project.name}_devcontainer-workspace-1"]


def test_git_and_docker_work(opened: Devcontainer) -> None:
    opened.inside("touch", "new.txt")
    assert opened.inside("git", "status", "--short") == "?? new.txt\n"
    opened.inside("rm", "new.txt")
    for command in (("docker", "version"), ("docker", "compose", "version"), ("docker", "buildx", "version")):
        opened.inside(*command)


def test_files_belong_to_the_host_user_and_caches_are_outside_the_project(opened: Devcontainer) -> None:
    opened.session("lint", "--", "--only=yaml", "--only=shell")
    owners = {path.lstat().st_uid for path in opened.project.rglob("*")}
    assert owners == {opened.uid}
    assert (opened.project / ".venv" / "bin" / "python").is_symlink()
    assert not (opened.project / ".nox").exists()
    assert "lint" in opened.inside("ls", f"/home/developer/.cache/nox/workspaces/{opened.project.name}")


def test_the_end_to_end_tests_pass(opened: Devcontainer) -> None:
    assert "Session e2e was successful" in opened.session("e2e")


def test_the_stack_runs_on_the_host_engine_and_its_ports_are_forwarded(opened: Devcontainer, tmp_path: Path) -> None:
    port = free_port()
    stack = [
        "env",
        f"GATEWAY_PORT={port}",
        f"FRONTEND_PORT={free_port()}",
        "python3",
        "noxfile.py",
        "-s",
        "stack",
        "--",
    ]
    url = f"http://127.0.0.1:{port}"
    try:
        assert url in opened.inside(*stack, "up")
        # Again, with the ports forwarded already.
        assert "Everything is ready" in opened.inside(*stack, "up")
        assert "Session e2e was successful" in opened.session("e2e", "--", url)
        # On the host, the stack is that of this folder and of no other.
        compose_project.load(opened.project)
        copied = shutil.ignore_patterns(".venv", ".data")
        other = shutil.copytree(opened.project, tmp_path / opened.project.name, symlinks=True, ignore=copied)
        with pytest.raises(UserError, match="were created in another folder"):
            compose_project.load(other)
    finally:
        opened.inside(*stack, "down", "--volumes", "--yes")
    assert opened.inside("sh", "-c", "pgrep socat || true") == ""
