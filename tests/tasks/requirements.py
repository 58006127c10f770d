"""What not every machine has for a test: a Docker Engine, disks that it may mount, pseudo-terminals, user namespaces.

A test that misses one is skipped, with a line that says so; where SLIPWAY_REQUIRE names the ability, as in
`SLIPWAY_REQUIRE=engine,disk,terminal,user-namespaces`, it fails.
"""

import os
import pty
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest
from docker import DockerClient

from tasks.compose import engine as docker_engine
from tasks.core.errors import UserError

REQUIRED = "SLIPWAY_REQUIRE"
ABILITIES = {"engine", "disk", "terminal", "user-namespaces"}


def missing(ability: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where this ability is required."""
    required = set(os.environ.get(REQUIRED, "").replace(",", " ").split())
    if unknown := required - ABILITIES:
        pytest.fail(f"{REQUIRED} names {', '.join(sorted(unknown))}; it knows {', '.join(sorted(ABILITIES))}")
    if ability in required:
        pytest.fail(f"{reason}, and {REQUIRED} asks for it: {ability}")
    pytest.skip(reason)


def engine() -> DockerClient:
    """A client of the Docker Engine; skips the test where none answers, or Compose or Buildx is missing."""
    try:
        docker_engine.check_programs()
        return docker_engine.connect(os.environ)
    except UserError as error:
        missing("engine", f"no Docker: {str(error).splitlines()[0]}")


def on_small_disk(folder: Path, megabytes: int) -> list[str]:
    """The beginning of a command for which `folder` is a disk of this size; skips the test where it may not mount."""
    become = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    mount = f'mount -t tmpfs -o size={megabytes}m none "$0" && exec "$@"'
    command = [*become, "sh", "-c", mount, str(folder)]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        missing("disk", "this machine does not let a test mount a disk")
    return command


def terminal() -> tuple[int, int]:
    """Both ends of a pseudo-terminal; skips the test where there are none, as in a bare chroot."""
    try:
        return pty.openpty()
    except OSError:
        missing("terminal", "this machine has no pseudo-terminals")


def user_namespaces() -> None:
    """Skip the test where the kernel allows no user namespaces, as in a chroot and in most containers."""
    if subprocess.run(["unshare", "--user", "true"], capture_output=True, check=False).returncode != 0:
        missing("user-namespaces", "this machine does not allow user namespaces")
