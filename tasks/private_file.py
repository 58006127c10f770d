"""Writes what other users must not read, and what must never be there by halves."""

import os
import tempfile
from pathlib import Path

from tasks.trouble import Trouble

OWNER_ONLY = 0o600


def write(path: Path, text: str, mode: int = OWNER_ONLY) -> None:
    """Write the file whole or not at all, and to nobody's eyes before its mode is set; a Trouble when it cannot be."""
    try:
        handle, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    except OSError as error:
        raise Trouble(f"Cannot write {path}: {error.strerror}; make the folder writable.") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(mode)
        Path(draft).replace(path)
    except OSError as error:
        Path(draft).unlink(missing_ok=True)
        raise Trouble(f"Cannot write {path}: {error.strerror}; nothing has changed.") from None
