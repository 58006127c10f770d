"""The sessions that a noxfile registers, with their tags and places."""

import inspect
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nox import registry

from tasks.core.errors import UserError


@dataclass(frozen=True)
class Session:
    """What a session is registered with; `place` is FILE:LINE as seen from the noxfile's folder."""

    tags: list[str]
    description: str
    place: str


def sessions_of(noxfile: Path) -> dict[str, Session]:
    """Each session by its name; asked of another process, since a noxfile can be loaded only once in one."""
    command = [sys.executable, "-m", "tasks.checks.workflows.registered", noxfile.name]
    done = subprocess.run(command, cwd=noxfile.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no word"]
        raise UserError(f"{noxfile} cannot be read: {said[-1]}")
    return {name: Session(**session) for name, session in json.loads(done.stdout).items()}


def main() -> None:
    """Print the sessions of the given noxfile as JSON."""
    runpy.run_path(sys.argv[1], run_name="noxfile")
    print(json.dumps({name: asdict(_session(each.func, each.tags)) for name, each in registry.get().items()}))


def _session(function: Callable[..., object], tags: Sequence[str]) -> Session:
    code = inspect.unwrap(function).__code__
    place = f"{os.path.relpath(code.co_filename)}:{code.co_firstlineno}"
    return Session([*tags], (function.__doc__ or "").strip(), place)


if __name__ == "__main__":
    main()
