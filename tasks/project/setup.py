"""Makes a fresh copy of the project ready to run: settings with secrets of its own, and git's hooks."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tasks.core import atomic_file
from tasks.core.errors import UserError
from tasks.project import env_file, secret_files
from tasks.project.secret_files import fresh_secret

HOOKS = ".pre-commit-config.yaml"


def main() -> None:
    """Write .env.local and the secrets of containers, or add what they lack, and install git's hooks."""
    argparse.ArgumentParser(prog="nox -s setup", description=main.__doc__).parse_args()
    try:
        said = complete(Path.cwd()) or f"{env_file.LOCAL} is complete."
        sys.stdout.write(f"{said}\n")
        for said in secret_files.complete(Path.cwd()):
            sys.stdout.write(f"{said}\n")
        sys.stdout.write(f"{install_hooks(Path.cwd())}\n")
    except UserError as error:
        sys.exit(str(error))


def complete(project: Path) -> str | None:
    """Give `.env.local` each setting of `.env.example` that it lacks, secrets made afresh; says what it did.

    What the file has stays as it is. A secret without a value counts as lacking.
    """
    local = place(project)
    exists = local.exists()
    present = env_file.values(local) if exists else {}
    missing = lacking(project, present)
    if exists and not missing:
        return _close(local)
    old = local.read_text(encoding="utf-8") if exists else ""
    example = (project / env_file.EXAMPLE).read_text(encoding="utf-8")
    atomic_file.write(local, _extended(old, missing) if exists else _filled(example))
    added = f"Added to {env_file.LOCAL}: {', '.join(missing)}."
    return added if exists else f"Wrote {env_file.LOCAL} from {env_file.EXAMPLE}, with fresh secrets."


def place(project: Path) -> Path:
    """Where `.env.local` is, or will be, once links are followed; a UserError where they lead nowhere."""
    local = project / env_file.LOCAL
    found = Path(os.path.realpath(local))
    if found.is_symlink() or not found.parent.is_dir():
        raise UserError(f"{local} is a link that leads nowhere; remove it, then: nox -s setup")
    return found


def lacking(project: Path, present: dict[str, str]) -> dict[str, str]:
    """The required settings that are not present, or are secrets without a value; with the example's values."""
    return {
        name: value
        for name, value in env_file.required(project).items()
        if name not in present or not (value or present[name])
    }


def install_hooks(project: Path) -> str:
    """Have git run the checks before each commit; says what was done, or why nothing."""
    if not (project / HOOKS).exists():
        return f"No git hooks: there is no {HOOKS}."
    if _run(project, "git", "rev-parse", "--git-dir").returncode != 0:
        return "No git hooks: this is not a git repository yet (git init), or git is missing; run setup again then."
    done = _run(project, sys.executable, "-m", "pre_commit", "install")
    if done.returncode != 0:
        raise UserError(f"Git hooks were not installed: {(done.stdout + done.stderr).strip()}")
    return "Git hooks are installed."


def _filled(example: str) -> str:
    """The example with a value for each secret."""
    lines = example.splitlines()
    return "\n".join(f"{line}{fresh_secret()}" if env_file.is_secret(line) else line for line in lines) + "\n"


def _extended(old: str, missing: dict[str, str]) -> str:
    """The file as it was, and the missing settings below; of two lines with one name the last counts."""
    start = old if old.endswith("\n") or not old else f"{old}\n"
    return start + "".join(f"{name}={value or fresh_secret()}\n" for name, value in missing.items())


def _close(local: Path) -> str | None:
    """Take from other users what they could read of the secrets."""
    if local.stat().st_mode & 0o077 == 0:
        return None
    try:
        local.chmod(atomic_file.OWNER_ONLY)
    except OSError as error:
        raise UserError(f"Others can read {local}, which cannot be changed: {error.strerror}; chmod 600 it.") from None
    return f"{env_file.LOCAL} was readable by other users, and is not any more."


def _run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]} is not installed")


if __name__ == "__main__":
    main()
