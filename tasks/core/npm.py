"""Installs what an npm lock names, with the Node of this environment."""

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

from tasks.core.errors import UserError

LOCK = "package-lock.json"


def install(source: Path, folder: Path) -> Path:
    """The `node_modules` below `folder` that hold what the lock in `source` names; installed if they are not there.

    Raises UserError when npm cannot get it.
    """
    installed = folder / "node_modules"
    # npm writes this one last.
    if (installed / ".package-lock.json").exists() and filecmp.cmp(source / LOCK, folder / LOCK, shallow=False):
        return installed
    folder.mkdir(parents=True, exist_ok=True)
    for name in (LOCK, "package.json"):
        shutil.copy2(source / name, folder)
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, cwd=folder, check=False).returncode != 0:
        raise UserError("npm could not get its packages (it says why above); a first run needs npm's registry.")
    return installed


def program(name: str) -> str:
    """A program of this environment's Node: `node`, `npm`."""
    return str(Path(sys.prefix) / "bin" / name)
