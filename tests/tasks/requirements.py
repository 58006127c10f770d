"""What tests need and not every machine has: a Docker Engine, Chromium, mounts, pseudo-terminals, user namespaces.

A test that lacks one is skipped with the reason, or fails where SLIPWAY_REQUIRE names it, as in
`SLIPWAY_REQUIRE=engine,disk,terminal,user-namespaces`.
"""

import os
import pty
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest
from docker import DockerClient

from tasks.compose import engine as docker_engine
from tasks.core.errors import UserError

REQUIRED = "SLIPWAY_REQUIRE"
KNOWN = {"chromium", "curl", "engine", "disk", "monitoring", "terminal", "user-namespaces"}


def missing(requirement: str, reason: str) -> NoReturn:
    """Skip the test, or fail it if SLIPWAY_REQUIRE names this requirement."""
    required = set(os.environ.get(REQUIRED, "").replace(",", " ").split())
    if unknown := required - KNOWN:
        pytest.fail(f"{REQUIRED} has unknown names: {', '.join(sorted(unknown))}. Use {', '.join(sorted(KNOWN))}.")
    if requirement in required:
        pytest.fail(f"{reason}, but {REQUIRED} requires it: {requirement}")
    pytest.skip(reason)


def engine() -> DockerClient:
    """A client of the Docker Engine; skips the test if none answers, or Compose or Buildx is missing."""
    try:
        docker_engine.check_programs()
        return docker_engine.connect(os.environ)
    except UserError as error:
        missing("engine", f"no Docker: {str(error).splitlines()[0]}")


def on_small_disk(folder: Path, megabytes: int) -> list[str]:
    """The start of a command line for which `folder` is a disk of this size; skips the test if it cannot mount."""
    become = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    mount = f'mount -t tmpfs -o size={megabytes}m none "$0" && exec "$@"'
    command = [*become, "sh", "-c", mount, str(folder)]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        missing("disk", "this machine does not allow mounts")
    return command


def terminal() -> tuple[int, int]:
    """Both ends of a pseudo-terminal; skips the test without one, as in a bare chroot."""
    try:
        return pty.openpty()
    except OSError:
        missing("terminal", "this machine has no pseudo-terminals")


def user_namespaces() -> None:
    """Skip the test if the kernel allows no user namespaces, as in a chroot and in most containers."""
    if subprocess.run(["unshare", "--user", "true"], capture_output=True, check=False).returncode != 0:
        missing("user-namespaces", "this machine does not allow user namespaces")


def curl() -> None:
    """Skip the test where there is no curl, as on a minimal Debian."""
    if shutil.which("curl") is None:
        missing("curl", "curl is not installed")


def monitoring_tools() -> None:
    """Skip the test where Prometheus, Alertmanager or one of their tools is not on PATH."""
    names = ("promtool", "amtool", "prometheus", "alertmanager")
    if absent := [name for name in names if shutil.which(name) is None]:
        missing("monitoring", f"not installed: {', '.join(absent)}")
