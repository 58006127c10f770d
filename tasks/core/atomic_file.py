"""Atomic writes."""

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
