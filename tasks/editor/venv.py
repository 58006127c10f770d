"""Makes `.venv`, the environment of editors: all that the application, its tests and the sessions import."""

from pathlib import Path

from tasks.core import environments

ENVIRONMENT = Path(".venv")
# The lock for mypy, which contains everything.
LOCK = environments.LOCKS / "typecheck.txt"


def main() -> None:
    """Make .venv equal the lock. A container that shares the project's folder with its host has another Python."""
    environments.synchronize(ENVIRONMENT, LOCK)
    print(f"{ENVIRONMENT} is up to date; select its Python if your editor does not find it.")
