"""Ordinary users for tests that root runs."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.support import ROOT

NAMED = {user.pw_uid for user in pwd.getpwall()}
# The first user of most machines, else `nobody`, which every machine has.
ORDINARY = 1000 if 1000 in NAMED else 65534
NAMELESS = next(uid for uid in range(4321, 65534) if uid not in NAMED)


@cache
def as_ordinary(uid: int = ORDINARY) -> list[str]:
    """The start of a command line that an ordinary user runs; empty if the current user is one."""
    if os.geteuid() != 0:
        return []
    become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    # Python, the repository or the tests' folders may be in a folder that only root can read.
    reading = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    for wrapper in (become, [*become, *reading]):
        if _can_read(wrapper):
            return wrapper
    return pytest.skip("an ordinary user cannot reach this Python or this folder")


def _can_read(wrapper: list[str]) -> bool:
    """Whether a command that starts like this can read the repository and temporary folders."""
    reading = "import os, sys, tasks.dev.command; os.listdir(sys.argv[1])"
    with tempfile.TemporaryDirectory(prefix="slipway-") as parent:
        folder = Path(parent) / "folder"
        folder.mkdir(mode=0o755)
        command = [*wrapper, sys.executable, "-c", reading, str(folder)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
