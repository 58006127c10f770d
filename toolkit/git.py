"""Runs git, and says in its words what went wrong."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints. Raises ValueError with git's words when it fails, and where there is none."""
    require_git()
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def require_git() -> None:
    """Raise ValueError where there is no git."""
    if shutil.which("git") is None:
        raise ValueError("git is not installed, or not on the PATH; get it, for example with: apt-get install git")


def git_setting(folder: Path, name: str) -> str:
    """What git is configured with there, or nothing."""
    return git(folder, "config", "--default", "", "--get", name).strip()
