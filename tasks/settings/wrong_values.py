"""Validates the settings of development in a process of its own, as that imports the application."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tasks.core.errors import UserError
from tasks.core.processes import last_line
from tasks.project.services import BACKEND


def wrong_values(project: Path, group: int | None = None) -> dict[str, str]:
    """A line with source and reason for each setting that a service would refuse; UserError if they cannot be read."""
    if not (project / BACKEND / "shared" / "settings.py").exists():
        return {}
    command = [sys.executable, "-m", "tasks", "settings.contract"]
    env = {**os.environ, "PYTHONPATH": str((project / BACKEND).resolve())}
    done = subprocess.run(
        command, cwd=project, env=env, capture_output=True, text=True, check=False, process_group=group
    )
    if done.returncode != 0:
        raise UserError(last_line(done.stderr))
    found: dict[str, str] = json.loads(done.stdout)
    return found
