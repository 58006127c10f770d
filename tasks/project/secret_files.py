"""Secrets for containers, a file for each, and `.env` for Compose."""

import base64
import os
import secrets
from pathlib import Path

from tasks.core import atomic_file
from tasks.core.errors import UserError
from tasks.project import env_file

FOLDER = ".secrets"
LINK = ".env"
SECRET_BYTES = 32
# A container's user reads the file where it is mounted; on this machine the folder is owner-only.
FOLDER_MODE = 0o700
FILE_MODE = 0o444


def complete(project: Path) -> list[str]:
    """Write each missing secret, from `.env.local` or a new one, and link `.env`; returns what changed.

    Existing files stay as they are; an empty one counts as missing.
    """
    folder = project / FOLDER
    try:
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot create the owner-only folder {folder}: {error.strerror}.") from None
    was_open = atomic_file.protect(folder, FOLDER_MODE)
    changes = [f"Made {FOLDER}/ owner-only; other users could read it."] if was_open else []
    known, missing = env_file.local(project), _missing(project)
    for name in missing:
        atomic_file.write(folder / name.lower(), known.get(name) or fresh_secret(), FILE_MODE)
    changes += [f"Wrote {FOLDER}/: {', '.join(name.lower() for name in missing)}."] if missing else []
    return changes + _link(project)


def fresh_secret() -> str:
    """Random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def absent(project: Path) -> list[str]:
    """The files of the secrets that `complete` would generate."""
    known = env_file.local(project)
    return [name.lower() for name in _missing(project) if not known.get(name)]


def _missing(project: Path) -> list[str]:
    return [name for name in env_file.secrets(project) if not _has_text(project / FOLDER / name.lower())]


def _has_text(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from None


def _link(project: Path) -> list[str]:
    """Link `.env` to `.env.local`, unless the team has its own."""
    if os.path.lexists(project / LINK):
        return []
    try:
        (project / LINK).symlink_to(env_file.LOCAL)
    except OSError as error:
        return [f"Cannot create the link {LINK}: {error.strerror}. Use nox -s stack instead of docker compose."]
    return [f"Linked {LINK} to {env_file.LOCAL}, for Compose."]
