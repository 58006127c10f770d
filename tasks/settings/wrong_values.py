"""Has the application's own classes judge the development settings, before any of it starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tasks.core.errors import UserError
from tasks.project.services import BACKEND

CLASSES = BACKEND / "shared" / "settings.py"


def wrong_values(project: Path, group: int | None = None) -> dict[str, str]:
    """Each setting that a service would refuse, with a line that says where it is set and why, and never shows it.

    A UserError where the classes of settings cannot be read; nothing is wrong where there are none.
    """
    if not (project / CLASSES).exists():
        return {}
    done = subprocess.run(
        [sys.executable, "-m", "tasks.settings.examination"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str((project / BACKEND).resolve())},
        capture_output=True,
        text=True,
        check=False,
        process_group=group,
    )
    if done.returncode != 0:
        raise UserError((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    found: dict[str, str] = json.loads(done.stdout)
    return found
