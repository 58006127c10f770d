"""Runs scanners so that a crash or a tool that does not end is never taken for a clean result."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tasks.core.errors import UserError

TIMEOUT_SECONDS = 300
FOLDER = Path(__file__).parent
REPORTS = Path(".data/security")


def program(name: str, scripts: str = sysconfig.get_path("scripts")) -> str:
    """The path of a tool that is installed in this session's environment, or in the one with these `scripts`."""
    return str(Path(scripts) / (f"{name}.exe" if sys.platform == "win32" else name))


@contextmanager
def snapshot(files: list[str]) -> Iterator[str]:
    """A folder with a copy of these files and nothing else, links resolved, for tools that take a folder."""
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            copy = Path(folder) / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        yield os.path.realpath(folder)


def run(command: list[str], *, codes: tuple[int, ...] = (0, 1), folder: str = ".") -> str:
    """What the tool prints; a UserError when it does not end, or ends with a code that tells neither yes nor no."""
    name = Path(command[0]).stem
    environment = os.environ | {"NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise UserError(f"{name} is not in this session's environment: it has no wheel for this machine.") from None
    except subprocess.TimeoutExpired:
        raise UserError(f"{name} did not end within {TIMEOUT_SECONDS} s and was stopped.") from None
    if done.returncode not in codes:
        raise UserError(f"{name} ended with {done.returncode}: {_last_words(done)}")
    return done.stdout


def run_json(command: list[str], *, codes: tuple[int, ...] = (0, 1), folder: str = ".") -> Any:
    """The JSON that the tool prints."""
    text = run(command, codes=codes, folder=folder)
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise UserError(f"{Path(command[0]).stem} printed no JSON but: {text.strip()[:200] or 'nothing'}") from None


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
