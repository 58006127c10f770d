"""The command behind `nox -s setup`: settings with new secrets, secrets for containers, git hooks."""

import argparse
import os
import sys
from pathlib import Path

from tasks.core import atomic_file, cli, processes
from tasks.core.errors import UserError
from tasks.project import env_file, secret_files
from tasks.project.secret_files import fresh_secret

HOOKS = ".pre-commit-config.yaml"


def main() -> None:
    """Write .env.local and the secrets of containers, or add what is missing, and install the git hooks."""
    argparse.ArgumentParser(prog="nox -s setup", description=main.__doc__).parse_args()
    project = Path.cwd()
    print(complete(project) or f"{env_file.LOCAL} is complete.")
    for change in secret_files.complete(project):
        print(change)
    print(install_hooks(project))


def complete(project: Path) -> str | None:
    """Add missing settings of `.env.example` to `.env.local`, with new secrets; returns what changed.

    Existing text stays as it is. A secret without a value counts as missing.
    """
    path = local_file(project)
    exists = path.exists()
    missing = lacking(project, env_file.values(path) if exists else {})
    if not exists:
        lines = (project / env_file.EXAMPLE).read_text(encoding="utf-8").splitlines()
        filled = [f"{line}{fresh_secret()}" if env_file.is_secret(line) else line for line in lines]
        atomic_file.write(path, "\n".join(filled) + "\n")
        return f"Wrote {env_file.LOCAL} from {env_file.EXAMPLE}, with fresh secrets."
    if not missing:
        was_open = atomic_file.protect(path)
        return f"Made {env_file.LOCAL} owner-only; other users could read it." if was_open else None
    old = path.read_text(encoding="utf-8")
    # The last of two lines with one name wins.
    added = "".join(f"{name}={value or fresh_secret()}\n" for name, value in missing.items())
    atomic_file.write(path, (old if old.endswith("\n") or not old else f"{old}\n") + added)
    return f"Added to {env_file.LOCAL}: {', '.join(missing)}."


def local_file(project: Path) -> Path:
    """The path of `.env.local`, with links followed; UserError for a broken link."""
    found = Path(os.path.realpath(project / env_file.LOCAL))
    if found.is_symlink() or not found.parent.is_dir():
        raise UserError(f"{project / env_file.LOCAL} is a broken link. Remove it, then run: nox -s setup")
    return found


def lacking(project: Path, present: dict[str, str]) -> dict[str, str]:
    """The required settings that are missing, or are secrets without a value; with the example's values."""
    return {
        name: value
        for name, value in env_file.required(project).items()
        if name not in present or not (value or present[name])
    }


def install_hooks(project: Path) -> str:
    """Install the git hooks that run checks before each commit; returns the result."""
    if not (project / HOOKS).exists():
        return f"No git hooks: {HOOKS} is missing."
    if processes.output("git", "rev-parse", "--git-dir", cwd=project) is None:
        return "No git hooks: this is not a git repository. Create one, then run setup again: git init"
    done = processes.run([sys.executable, "-m", "pre_commit", "install"], cwd=project)
    if done.returncode != 0:
        raise UserError(f"Cannot install the git hooks: {(done.stdout + done.stderr).strip()}")
    return "Git hooks are installed."


if __name__ == "__main__":
    cli.run(main)
