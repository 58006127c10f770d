"""Reports code changes as the names of the services that they affect."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from watchfiles import BaseFilter, awatch

from tasks.core.errors import UserError

DEBOUNCE_MILLISECONDS = 200


class Changes:
    """A queue of changes, filled while `watch` runs.

    `affected` returns the services that need changed paths, if any. Folders are watched with their contents; a file is
    watched through its folder, since programs replace files.
    """

    def __init__(
        self, paths: Iterable[Path], affected: Callable[[list[Path]], list[str]], relevant: BaseFilter
    ) -> None:
        self._paths = {path.resolve() for path in paths}
        self._affected = affected
        self._relevant = relevant
        self._queue: asyncio.Queue[list[str] | UserError] = asyncio.Queue()

    async def watch(self) -> None:
        """Fill the queue until cancelled."""
        folders = {path for path in self._paths if path.is_dir()}
        parents = {path.parent for path in self._paths - folders}
        try:
            await asyncio.gather(self._watch(folders, recursive=True), self._watch(parents, recursive=False))
        except (OSError, RuntimeError) as error:
            # Mostly the system's limit of watched files.
            message = f"Cannot watch the code for changes ({error}). Try again with WATCHFILES_FORCE_POLLING=true."
            self._queue.put_nowait(UserError(message))

    async def _watch(self, folders: set[Path], *, recursive: bool) -> None:
        if folders:
            found = awatch(*folders, watch_filter=self._relevant, debounce=DEBOUNCE_MILLISECONDS, recursive=recursive)
            async for batch in found:
                if names := self._affected([Path(path) for _, path in batch]):
                    self._queue.put_nowait(names)

    async def next(self) -> list[str]:
        """Wait for a change and return the affected services; a UserError if the code cannot be watched."""
        found = await self._queue.get()
        if isinstance(found, UserError):
            raise found
        return found

    async def gathered(self, quiet_seconds: float) -> set[str]:
        """The services affected by a change and all that follow it, up to a pause of this length."""
        names = set(await self.next())
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(quiet_seconds):
                    names.update(await self.next())
        return names
