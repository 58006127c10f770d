"""Sees that every migration's file can be read, and follows another that is there, before Alembic stumbles over it."""

import os
import traceback
from pathlib import Path
from types import ModuleType

from alembic.util import load_python_file, to_tuple

from tasks.core.errors import UserError


def check_files(folder: Path) -> None:
    """Raise a UserError that names the first migration's file that has to be mended."""
    known: dict[str, Path] = {}
    modules = {path: _module(path) for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"}
    for path, module in modules.items():
        revision = getattr(module, "revision", None)
        if not isinstance(revision, str):
            raise _to_mend(path, "it has no revision")
        if revision in known:
            raise _to_mend(path, f"its revision {revision} is that of {known[revision].name} too")
        known[revision] = path
    for path, module in modules.items():
        for before in to_tuple(getattr(module, "down_revision", None), default=()):
            if before not in known:
                raise _to_mend(path, f"its down_revision {before} is no migration that is there")


def _module(path: Path) -> ModuleType:
    try:
        return load_python_file(path.parent, path.name)
    except Exception as error:
        steps = traceback.extract_tb(error.__traceback__)
        lines = [step.lineno for step in steps if step.filename == str(path)]
        raise _to_mend(path, f"{type(error).__name__}: {error}", lines[-1] if lines else None) from error


def _to_mend(path: Path, reason: str, line: int | None = None) -> UserError:
    place = f"{os.path.relpath(path)}:{line}" if line else os.path.relpath(path)
    return UserError(f"Cannot use the migration {place}; mend it first\n{reason}")
