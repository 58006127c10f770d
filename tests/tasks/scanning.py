"""Runs scanners of the session `security` on a few files, which is much faster than on a whole project."""

import json
from typing import Any

from tests.support import run
from tests.tasks.checked_project import CheckedProject

SCRIPT = """
import json, sys
from dataclasses import asdict
from tasks.checks.security.checks import SCANNERS
from tasks.checks.security.scanners import run_all
parts, files = json.loads(sys.argv[1])
outcomes = run_all([each for each in SCANNERS if each.part in parts], files)
print(json.dumps({each.name: asdict(each) for each in outcomes}))
"""


def scan_files(checked: CheckedProject, parts: list[str], files: list[str]) -> dict[str, Any]:
    """The outcome of each scanner of these parts."""
    python = checked.tools("security") / "python"
    done = run(python, "-c", SCRIPT, json.dumps([parts, files]), cwd=checked.folder, UV=checked.uv)
    assert done.returncode == 0, done.stdout
    outcomes: dict[str, Any] = json.loads(done.stdout)
    return outcomes
