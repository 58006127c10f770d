"""Runs git."""

from __future__ import annotations

from pathlib import Path

from tasks.core import processes
from tasks.core.errors import UserError


def git(folder: Path, *arguments: str) -> str:
    """Run git and return its output. UserError if it fails or is not installed."""
    done = processes.run(["git", *arguments], cwd=folder, missing="Install it, for example with: apt-get install git")
    if done.returncode != 0:
        raise UserError(f"git failed: {processes.last_line(done.stderr)}")
    return done.stdout


def git_setting(folder: Path, name: str) -> str:
    """The value of a setting of git, or nothing."""
    return git(folder, "config", "--default", "", "--get", name).strip()
