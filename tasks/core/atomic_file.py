"""Atomic writes, and permissions of files with secrets."""

import os
import tempfile
from pathlib import Path

from tasks.core.errors import UserError

OWNER_ONLY = 0o600


def write(path: Path, text: str, mode: int = OWNER_ONLY) -> None:
    """Atomically write a file that only its owner can read, or with another `mode`; UserError if that fails."""
    try:
        handle, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    except OSError as error:
        raise UserError(f"Cannot write {path}: {error.strerror}; make the folder writable.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(mode)
        Path(draft).replace(path)
    except OSError as error:
        Path(draft).unlink(missing_ok=True)
        raise UserError(f"Cannot write {path}: {error.strerror}; nothing has changed.") from None


def protect(path: Path, mode: int = OWNER_ONLY) -> bool:
    """Remove the permissions of other users; returns whether they had any."""
    if path.stat().st_mode & 0o077 == 0:
        return False
    try:
        path.chmod(mode)
    except OSError as error:
        raise UserError(f"Other users can read {path}: {error.strerror}. Fix it: chmod {mode:o} {path}") from None
    return True
