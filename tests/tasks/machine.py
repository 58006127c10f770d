"""What not every machine has for a test: disks that it may mount, pseudo-terminals, user namespaces."""

import os
import pty
import subprocess
from pathlib import Path

import pytest


def on_small_disk(folder: Path, megabytes: int) -> list[str]:
    """The beginning of a command for which `folder` is a disk of this size; skips the test where it may not mount."""
    become = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    mount = f'mount -t tmpfs -o size={megabytes}m none "$0" && exec "$@"'
    command = [*become, "sh", "-c", mount, str(folder)]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let a test mount a disk")
    return command


def terminal() -> tuple[int, int]:
    """Both ends of a pseudo-terminal; skips the test where there are none, as in a bare chroot."""
    try:
        return pty.openpty()
    except OSError:
        pytest.skip("this machine has no pseudo-terminals")


def user_namespaces() -> None:
    """Skip the test where the kernel allows no user namespaces, as in a chroot and in most containers."""
    if subprocess.run(["unshare", "--user", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not allow user namespaces")
