"""Makes `.venv`, the environment of editors: all that the application, its tests and the sessions import."""

import os
import subprocess
import sys
from pathlib import Path

from tasks.core import cli
from tasks.core.errors import UserError

ENVIRONMENT = Path(".venv")
# The lock for mypy, which contains everything.
LOCK = Path("requirements/typecheck.txt")


def main() -> None:
    """Install the lock into .venv, which is created again if its Python belongs to another machine."""
    uv, python = os.environ["UV"], ENVIRONMENT / "bin" / "python"
    if not is_sound(python):
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT))
    _run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(LOCK))
    print(f"{ENVIRONMENT} is up to date; select its Python if your editor does not find it.")


def is_sound(python: Path) -> bool:
    """Whether a Python runs: a container that shares the project's folder with its host has another one."""
    try:
        return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        raise UserError(
            f"{ENVIRONMENT} is incomplete; uv's error is above. "
            "The first run downloads packages: check access to PyPI or the index in uv's settings."
        )


if __name__ == "__main__":
    cli.run(main)
