"""The command behind `nox -s setup`: settings with new secrets, secrets for containers, git hooks."""

import argparse
import base64
import os
import re
import secrets
import sys
from pathlib import Path

from tasks.core import atomic_file, processes
from tasks.core.errors import UserError
from tasks.project import certificates, env_file

HOOKS = ".pre-commit-config.yaml"
HOOK_PYTHON = re.compile(r"^INSTALL_PYTHON=/.*", re.MULTILINE)
# The hook of all worktrees uses the environment of the one that it runs in, and creates it if necessary.
OWN_PYTHON = """\
INSTALL_PYTHON="${SLIPWAY_ENVIRONMENTS:-.nox}${SLIPWAY_ENVIRONMENTS:+$PWD}/setup/bin/python"
[ -x "$INSTALL_PYTHON" ] || python3 noxfile.py -s setup --install-only >&2"""
# A file for each secret of the containers, and the settings that Compose reads.
SECRETS = ".secrets"
LINK = ".env"
# A container's user reads the file where it is mounted; on this machine the folder is owner-only.
FOLDER_MODE = 0o700
FILE_MODE = 0o444


def main() -> None:
    """Write .env.local and the secrets of containers, or add what is missing, and install the git hooks."""
    argparse.ArgumentParser(prog="nox -s setup", description=main.__doc__).parse_args()
    project = Path.cwd()
    print(complete(project) or f"{env_file.LOCAL} is complete.")
    for change in complete_secrets(project):
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
        text = env_file.SECRET.sub(lambda found: found[0] + fresh_secret(), env_file.example(project))
        atomic_file.write(path, text)
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


def complete_secrets(project: Path) -> list[str]:
    """Write each missing secret, from `.env.local` or a new one, and link `.env`; returns what changed.

    Existing files stay as they are; an empty one counts as missing. A secret of others is empty unless `.env.local` has
    it, and follows that. Certificates are renewed before they expire.
    """
    folder = project / SECRETS
    try:
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot create the owner-only folder {folder}: {error.strerror}.") from None
    was_open = atomic_file.protect(folder, FOLDER_MODE)
    changes = [f"Made {SECRETS}/ owner-only; other users could read it."] if was_open else []
    known, missing = env_file.local(project), _missing_secrets(project)
    for name in missing:
        atomic_file.write(folder / name.lower(), known.get(name) or fresh_secret(), FILE_MODE)
    for name in env_file.foreign_secrets(project):
        if _is_obsolete(folder / name.lower(), value := known.get(name, "")):
            atomic_file.write(folder / name.lower(), value, FILE_MODE)
            missing.append(name)
    changes += [f"Wrote {SECRETS}/: {', '.join(name.lower() for name in missing)}."] if missing else []
    return changes + certificates.complete(project, folder, FILE_MODE) + _link(project)


def absent_secrets(project: Path) -> list[str]:
    """The files of the secrets that `complete_secrets` would generate."""
    known = env_file.local(project)
    return [name.lower() for name in _missing_secrets(project) if not known.get(name)]


def fresh_secret() -> str:
    """Random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def install_hooks(project: Path) -> str:
    """Install the git hooks that run checks before each commit; returns the result."""
    if not (project / HOOKS).exists():
        return f"No git hooks: {HOOKS} is missing."
    if obstacle := hooks_obstacle(project):
        return f"No git hooks: {obstacle}"
    done = processes.run([sys.executable, "-m", "pre_commit", "install"], cwd=project)
    if done.returncode != 0:
        raise UserError(f"Cannot install the git hooks: {(done.stdout + done.stderr).strip()}")
    hook = hook_file(project)
    hook.write_text(HOOK_PYTHON.sub(lambda _: OWN_PYTHON, hook.read_text(encoding="utf-8")), encoding="utf-8")
    return "Git hooks are installed."


def hook_file(project: Path) -> Path:
    """The path of the hook, which all worktrees of a repository share."""
    return project / (processes.output("git", "rev-parse", "--git-path", "hooks/pre-commit", cwd=project) or "")


def hooks_obstacle(project: Path) -> str:
    """Why git would not run the hooks in this project, and what to do; empty if it would."""
    subfolder = processes.output("git", "rev-parse", "--show-prefix", cwd=project)
    if subfolder is None and (project / ".git").exists():
        return f"git refuses the repository. If you trust its owner: git config --global --add safe.directory {project}"
    if subfolder is None:
        return "this is not a git repository. Create one, then run setup again: git init"
    if subfolder:
        return "this is a subfolder of a repository, whose hooks run in its top folder. Before a commit: nox -s lint"
    if path := processes.output("git", "config", "core.hooksPath", cwd=project):
        return f"core.hooksPath is {path}. Unset it, then run setup again; or run before a commit: nox -s lint"
    return ""


def _missing_secrets(project: Path) -> list[str]:
    present = {path.name for path in (project / SECRETS).glob("*") if path.is_file() and path.stat().st_size}
    return [name for name in env_file.secrets(project) if name.lower() not in present]


def _is_obsolete(file: Path, value: str) -> bool:
    """Whether the file is missing, which Compose would refuse, or differs from the setting, if that is set."""
    return not file.exists() or (value != "" and file.read_text(encoding="utf-8") != value)


def _link(project: Path) -> list[str]:
    """Link `.env` to `.env.local`, unless the team has its own."""
    if os.path.lexists(project / LINK):
        return []
    try:
        (project / LINK).symlink_to(env_file.LOCAL)
    except OSError as error:
        return [f"Cannot create the link {LINK}: {error.strerror}. Use nox -s stack instead of docker compose."]
    return [f"Linked {LINK} to {env_file.LOCAL}, for Compose."]
