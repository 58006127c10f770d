"""Keeps the secrets that containers are given, a file for each, and lets Compose read `.env.local`."""

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
# A container's user reads the file where it is mounted; on this machine the folder keeps others out.
FOLDER_MODE = 0o700
FILE_MODE = 0o444


def complete(project: Path) -> list[str]:
    """Give each secret its file and Compose its `.env`, where they are lacking; says what was done.

    What is there stays as it is; an empty file counts as lacking. A secret that `.env.local` has is the same here.
    """
    return [*_write(project), *_link(project)]


def fresh_secret() -> str:
    """Random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def absent(project: Path) -> list[str]:
    """The secrets that have no file yet and that `complete` would make up, as `.env.local` does not have them."""
    known = _known(project)
    return [name.lower() for name in _missing(project) if not known.get(name)]


def _write(project: Path) -> list[str]:
    folder = project / FOLDER
    said = _prepare(folder)
    known, missing = _known(project), _missing(project)
    for name in missing:
        atomic_file.write(folder / name.lower(), known.get(name) or fresh_secret(), FILE_MODE)
    return said + ([f"Wrote {FOLDER}/: {', '.join(name.lower() for name in missing)}."] if missing else [])


def _known(project: Path) -> dict[str, str]:
    local = project / env_file.LOCAL
    return env_file.values(local) if local.exists() else {}


def _missing(project: Path) -> list[str]:
    return [name for name in env_file.secrets(project) if not _has_text(project / FOLDER / name.lower())]


def _prepare(folder: Path) -> list[str]:
    """Have a folder that only its owner can enter."""
    try:
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        if folder.stat().st_mode & 0o077 == 0:
            return []
        folder.chmod(FOLDER_MODE)
    except OSError as error:
        raise UserError(f"Cannot make the folder {folder} for you alone: {error.strerror}.") from None
    return [f"{FOLDER}/ was open to other users, and is not any more."]


def _has_text(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UserError(f"Cannot look at {path}: {error.strerror}.") from None


def _link(project: Path) -> list[str]:
    """A `.env` that is there is somebody's own and stays."""
    link = project / LINK
    if os.path.lexists(link):
        return []
    try:
        link.symlink_to(env_file.LOCAL)
    except OSError as error:
        return [f"Cannot make the link {LINK}: {error.strerror}; Compose works as nox -s stack only."]
    return [f"Made {LINK}, a link to {env_file.LOCAL}, for Compose."]
