"""What several test modules share: where things are, rendering, running sessions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from toolkit.new import read_answers, scaffold

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ROOT / "tests" / "answers"
GOLDEN = ROOT / "tests" / "golden"
ANSWER_SETS = sorted(path.stem for path in ANSWERS.glob("*.yml"))


def render(target: Path, answers: Path) -> Path:
    """Scaffold a project from the working tree, uncommitted changes included."""
    scaffold(target, read_answers(answers), defaults=True)
    return target


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would, without a terminal; stdout and stderr come together."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def nox(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the sessions of a project with the nox of this environment."""
    return run(sys.executable, "-m", "nox", *arguments, cwd=project, **environment)


def files(project: Path) -> list[str]:
    """The project's files as a sorted list of POSIX paths, without git's own."""
    found = (path.relative_to(project) for path in project.rglob("*") if path.is_file() or path.is_symlink())
    return sorted(path.as_posix() for path in found if path.parts[0] not in {".git", ".nox", ".data"})
