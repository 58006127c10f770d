"""Tells which services a change of the code concerns."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from watchfiles import BaseFilter, awatch

from tasks.core.errors import UserError

SETTLE_MILLISECONDS = 200


class Changes:
    """The services that changes concern, in a queue, from the moment that `watch` runs.

    Folders are watched with all that is in them, and a file through its folder, as programs replace files.
    """

    def __init__(
        self, places: Iterable[Path], concerned: Callable[[list[Path]], list[str]], relevant: BaseFilter
    ) -> None:
        """Watch these places; `concerned` names the services of relevant paths, if any."""
        self._places = {place.resolve() for place in places}
        self._concerned = concerned
        self._relevant = relevant
        self._queue: asyncio.Queue[list[str] | UserError] = asyncio.Queue()

    async def watch(self) -> None:
        """Put the services that each change concerns into the queue, until cancelled."""
        folders = {place for place in self._places if place.is_dir()}
        parents = {place.parent for place in self._places - folders}
        try:
            await asyncio.gather(self._watch(folders, recursive=True), self._watch(parents, recursive=False))
        except (OSError, RuntimeError) as error:
            # The system's limit of watched files, mostly.
            words = f"Code changes are not seen ({error}); WATCHFILES_FORCE_POLLING=true may help."
            self._queue.put_nowait(UserError(words))

    async def _watch(self, folders: set[Path], *, recursive: bool) -> None:
        if folders:
            found = awatch(*folders, watch_filter=self._relevant, debounce=SETTLE_MILLISECONDS, recursive=recursive)
            async for batch in found:
                if names := self._concerned([Path(path) for _, path in batch]):
                    self._queue.put_nowait(names)

    async def next(self) -> list[str]:
        """Wait for a change, and return the services to restart; a UserError when changes cannot be seen."""
        found = await self._queue.get()
        if isinstance(found, UserError):
            raise found
        return found

    async def gathered(self, quiet_seconds: float) -> set[str]:
        """The same of a change and all that follow it, up to a pause of this length."""
        names = set(await self.next())
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(quiet_seconds):
                    names.update(await self.next())
        return names


def concerned(backend: Path, names: list[str], paths: list[Path]) -> list[str]:
    """The services in whose folders the paths are; all of them if one is elsewhere, as in `shared`."""
    folders = {path.relative_to(backend).parts[0] for path in paths}
    return [name for name in names if name in folders] if folders <= set(names) else names
