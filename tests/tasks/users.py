"""Lets a test that root runs do something as an ordinary user."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support import ROOT

ORDINARY = 1000


def as_ordinary() -> list[str]:
    """What to put before a command so that an ordinary user runs it; nothing if we are one."""
    if os.geteuid() != 0:
        return []
    become = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
    # Where Python or the repository is in a folder of root's, the right to read it is needed too.
    reading = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    for wrapper in (become, [*become, *reading]):
        command = [*wrapper, sys.executable, "-c", "import tasks.dev.command"]
        if subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0:
            return wrapper
    return pytest.skip("an ordinary user cannot reach this Python or this folder")
