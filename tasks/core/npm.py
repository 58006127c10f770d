"""Installs the packages of an npm lock with this environment's Node."""

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

from tasks.core.errors import UserError

LOCK = "package-lock.json"


def install(source: Path, folder: Path) -> Path:
    """Install the lock of `source` below `folder`, unless it already is; returns the path of `node_modules`."""
    installed = folder / "node_modules"
    # npm writes this file last.
    if (installed / ".package-lock.json").exists() and filecmp.cmp(source / LOCK, folder / LOCK, shallow=False):
        return installed
    folder.mkdir(parents=True, exist_ok=True)
    for name in (LOCK, "package.json"):
        shutil.copy2(source / name, folder)
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, cwd=folder, check=False).returncode != 0:
        raise UserError("npm ci failed, with the error above. A first run needs npm's registry.")
    return installed


def program(name: str) -> str:
    """The path of `node` or `npm`."""
    return str(Path(sys.prefix) / "bin" / name)
