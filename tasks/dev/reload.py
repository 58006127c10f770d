"""Tells which services a change of the code concerns."""

import asyncio
from pathlib import Path

from watchfiles import PythonFilter, awatch

from tasks.dev.screen import Screen

SETTLE_MILLISECONDS = 200


class Changes:
    """The services to restart, in a queue, from the moment that `watch` runs."""

    def __init__(self, backend: Path, names: list[str], screen: Screen) -> None:
        self._backend = backend.resolve()
        self._names = names
        self._screen = screen
        self._queue: asyncio.Queue[list[str]] = asyncio.Queue()

    async def watch(self) -> None:
        """Put the services that each change concerns into the queue, until cancelled."""
        try:
            async for batch in awatch(self._backend, watch_filter=PythonFilter(), debounce=SETTLE_MILLISECONDS):
                paths = [Path(path) for _, path in batch]
                self._queue.put_nowait(concerned(self._backend, self._names, paths))
        except (OSError, RuntimeError) as error:
            # The system's limit of watched files, mostly.
            self._screen.say(f"Code changes are not seen ({error}); WATCHFILES_FORCE_POLLING=true may help.", "yellow")

    async def next(self) -> list[str]:
        """Wait for a change, and return the services to restart."""
        return await self._queue.get()


def concerned(backend: Path, names: list[str], paths: list[Path]) -> list[str]:
    """The services in whose folders the paths are; all of them if one is elsewhere, as in `shared`."""
    folders = {path.relative_to(backend).parts[0] for path in paths}
    return [name for name in names if name in folders] if folders <= set(names) else names
