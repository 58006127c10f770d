"""The sessions that a noxfile registers, with their tags."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

from nox import registry

from tasks.trouble import Trouble


def sessions_of(noxfile: Path) -> dict[str, list[str]]:
    """Each session's name with its tags; asked of another process, since a noxfile can be loaded only once in one."""
    command = [sys.executable, "-m", "tasks.workflows.registered", noxfile.name]
    done = subprocess.run(command, cwd=noxfile.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no word"]
        raise Trouble(f"{noxfile} cannot be read: {said[-1]}")
    sessions: dict[str, list[str]] = json.loads(done.stdout)
    return sessions


def main() -> None:
    """Print the sessions of the given noxfile as JSON."""
    runpy.run_path(sys.argv[1], run_name="noxfile")
    print(json.dumps({name: list(session.tags) for name, session in registry.get().items()}))


if __name__ == "__main__":
    main()
