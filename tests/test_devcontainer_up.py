"""The devcontainer, brought up by the tool that the specification's authors publish, and used as a developer does."""

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

from tasks.core import npm
from tests.support import ANSWERS, ROOT, render, run
from tests.tasks.requirements import engine, missing
from tests.tasks.users import NAMED
from toolkit.application import free_port

pytestmark = pytest.mark.containers
NODE = Path(sys.executable).with_name("node")
# Ids that Debian's images have given away already, and the developer's own.
TAKEN = {*range(100), 1000, 65534}


@dataclass(frozen=True)
class Devcontainer:
    """A project's devcontainer; commands on the host are an ordinary user's."""

    project: Path
    uid: int
    prefix: list[str]
    cli: Path

    def host(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command on the host."""
        return run(*self.prefix, *command, cwd=self.project, HOME=str(self.project.parent))

    def call(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the tool."""
        return self.host(NODE, self.cli, verb, "--workspace-folder", str(self.project), *arguments)

    def inside(self, *command: str) -> str:
        """Run a command in the container, as the developer; what it says."""
        done = self.call("exec", *command)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def session(self, *arguments: str) -> str:
        """Run a session in the container."""
        return self.inside("python3", "noxfile.py", "-s", *arguments)


def host_user() -> tuple[int, list[str]]:
    """An ordinary user who may use Docker, and what to put before a command to be that user.

    Root would prove nothing of files' owners, and the tool wants a name for the user.
    """
    if os.geteuid() != 0:
        return os.geteuid(), []
    candidates = sorted(uid for uid in NAMED - TAKEN)
    if not candidates:
        missing("engine", "this machine has no user whose number the image has not given away")
    uid, socket = candidates[0], Path("/var/run/docker.sock")
    groups = f"--groups={socket.stat().st_gid}"
    return uid, ["setpriv", f"--reuid={uid}", f"--regid={pwd.getpwuid(uid).pw_gid}", groups]


@pytest.fixture(scope="module")
def tool() -> Iterator[Path]:
    """The specification's own tool, from npm, as the session has it locked."""
    with tempfile.TemporaryDirectory(prefix="slipway-cli-") as folder:
        Path(folder).chmod(0o755)
        yield npm.install(ROOT / "tasks" / "editor", Path(folder)) / "@devcontainers" / "cli" / "devcontainer.js"


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
    """Take away all that the project has left with the engine."""
    label: dict[str, str | list[str] | bool] = {"label": f"com.docker.compose.project={name}_devcontainer"}
    for container in client.containers.list(all=True, filters=label):
        container.remove(force=True, v=True)
    for volume in client.volumes.list(filters=label):
        volume.remove()
    client.networks.prune(filters=label)
    for tag in [tag for image in client.images.list() for tag in image.tags if name in tag]:
        client.images.remove(tag, force=True)


def test_the_developer_is_the_host_s_user_and_not_root(opened: Devcontainer) -> None:
    assert opened.inside("id", "-u").split() == [str(opened.uid)]


def test_only_the_workspace_runs(opened: Devcontainer) -> None:
    label = f"label=com.docker.compose.project={opened.project.name}_devcontainer"
    running = opened.inside("docker", "ps", "--filter", label, "--format", "{{.Names}}").split()
    assert running == [f"{opened.project.name}_devcontainer-workspace-1"]


def test_git_and_docker_work_in_it(opened: Devcontainer) -> None:
    opened.inside("touch", "new.txt")
    assert opened.inside("git", "status", "--short") == "?? new.txt\n"
    opened.inside("rm", "new.txt")
    for command in (("docker", "version"), ("docker", "compose", "version"), ("docker", "buildx", "version")):
        opened.inside(*command)


def test_what_is_made_in_it_is_the_host_user_s_and_the_caches_are_elsewhere(opened: Devcontainer) -> None:
    opened.session("lint", "--", "--only=yaml")
    owners = {path.lstat().st_uid for path in opened.project.rglob("*")}
    assert owners == {opened.uid}
    assert (opened.project / ".venv" / "bin" / "python").is_symlink()
    assert not (opened.project / ".nox").exists()
    assert "lint" in opened.inside("ls", f"/home/developer/.cache/nox/workspaces/{opened.project.name}")


@pytest.mark.parametrize("session", ["lint", "e2e"])
def test_a_session_passes_in_it(opened: Devcontainer, session: str) -> None:
    assert f"Session {session} was successful" in opened.session(session)


def test_the_stack_starts_from_it_on_the_host_s_engine_and_is_reached_in_it(opened: Devcontainer) -> None:
    port = free_port()
    stack = ["env", f"GATEWAY_PORT={port}", "python3", "noxfile.py", "-s", "stack", "--"]
    url = f"http://127.0.0.1:{port}"
    try:
        assert url in opened.inside(*stack, "up")
        # Again, when the ports are forwarded already.
        assert "Everything is ready" in opened.inside(*stack, "up")
        assert "Session e2e was successful" in opened.session("e2e", "--", url)
    finally:
        opened.inside(*stack, "down", "--volumes", "--yes")
    assert opened.inside("sh", "-c", "pgrep --full [t]asks.stack.forwarding || true") == ""
