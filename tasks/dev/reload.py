"""Tells which services a change of the code concerns."""

from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import PythonFilter, awatch

SETTLE_MILLISECONDS = 200


async def changes(backend: Path, names: list[str]) -> AsyncIterator[list[str]]:
    """The services to restart, each time that code in `backend` changes."""
    async for batch in awatch(backend, watch_filter=PythonFilter(), debounce=SETTLE_MILLISECONDS):
        yield concerned(backend, names, [Path(path) for _, path in batch])


def concerned(backend: Path, names: list[str], paths: list[Path]) -> list[str]:
    """The services in whose folders the paths are; all of them if one is elsewhere, as in `shared`."""
    folders = {path.relative_to(backend).parts[0] for path in paths}
    return [name for name in names if name in folders] if folders <= set(names) else names
