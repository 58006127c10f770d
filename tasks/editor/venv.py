"""Makes `.venv`, where editors look for Python: all that the application, its tests and the sessions import."""

import os
import subprocess
import sys
from pathlib import Path

ENVIRONMENT = Path(".venv")
# The lock of what mypy reads, which is everything.
LOCK = Path("requirements/typecheck.txt")


def main() -> None:
    """Bring .venv to what the lock says, made anew if its Python is not of this machine."""
    uv = os.environ["UV"]
    if not is_sound(ENVIRONMENT):
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(ENVIRONMENT))
    _run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(ENVIRONMENT / "bin" / "python"), str(LOCK))
    sys.stdout.write(f"{ENVIRONMENT} has what editors need; choose its Python where yours does not find it.\n")


def is_sound(environment: Path) -> bool:
    """Whether its Python runs: a container that shares the project's folder has others than its host."""
    try:
        done = subprocess.run([environment / "bin" / "python", "-c", ""], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit(
            f"{ENVIRONMENT} is not complete (uv says why above); a first run needs PyPI, or the index of uv's settings"
        )


if __name__ == "__main__":
    main()
