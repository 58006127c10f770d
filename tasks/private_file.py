"""Writes what other users must not read."""

from pathlib import Path


def write(path: Path, text: str) -> None:
    """Put a file into its place whole, closed to other users from its first byte."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
