"""Writes the hashed requirement files from the dependency groups, or says which of them are stale."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path("requirements")
OWNERS = (Path("pyproject.toml"), Path("tasks/pyproject.toml"))


def lock_table() -> dict[str, list[str]]:
    """The locks that `[tool.slipway.locks]` asks for: name to dependency groups, in the order to resolve them."""
    table: dict[Any, Any] = tomllib.loads(OWNERS[0].read_text(encoding="utf-8"))
    locks: dict[str, list[str]] = table["tool"]["slipway"]["locks"]
    return locks


def groups_of(names: list[str]) -> list[str]:
    """`--group` arguments for each file that defines one of the groups."""
    arguments = []
    for path in OWNERS:
        defined = tomllib.loads(path.read_text(encoding="utf-8")).get("dependency-groups", {})
        arguments += [f"--group={path}:{name}" for name in names if name in defined]
    return arguments
