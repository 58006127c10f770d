"""One process of the application: its log is followed, its end noticed."""

import asyncio
import signal
import subprocess
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from tasks.core.screen import Screen

LOOK_SECONDS = 0.05
# Longer than a service gives the requests that are under way.
TIMEOUT_SECONDS = 15.0
LAST_LINES = 15
LARGEST_LOG = 10 * 1024 * 1024


class Part:
    """Follows the process that `adopt` gives it; while `is_watched`, tells `ended` if that ends by itself.

    Of its log, the lines are shown that `shows` accepts.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        screen: Screen,
        ended: Callable[["Part", int], None],
        shows: Callable[[str], bool] = lambda _line: True,
    ) -> None:
        self.name = name
        self.log = log
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self.is_watched = False
        self._screen = screen
        self._ended = ended
        self._shows = shows
        self._offset = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._follower: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The number of the living process."""
        return self._process.pid if self.is_alive() and self._process else None

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def adopt(self, process: subprocess.Popen[bytes]) -> None:
        """Show what this process says from now on."""
        self._process = process
        self._offset = 0
        self.last_lines.clear()
        self._follower = asyncio.create_task(self._follow(process))

    async def over(self) -> int:
        """Return the exit code when the process has ended and its whole log is shown."""
        if self._process is None or self._follower is None:
            raise RuntimeError(f"{self.name} has not started")
        await asyncio.shield(self._follower)
        return self._process.returncode

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the process in order, or by force when it takes too long."""
        self.is_watched = False
        if self._process is None or self._follower is None:
            return
        if self.is_alive():
            self._process.send_signal(number)
        if not await self._is_over(TIMEOUT_SECONDS):
            self._process.kill()
            await self._is_over(TIMEOUT_SECONDS)
        await self._follower

    async def _is_over(self, seconds: float) -> bool:
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            if not self.is_alive():
                return True
            await asyncio.sleep(0.01)
        return False

    async def _follow(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            self._show_log()
            await asyncio.sleep(LOOK_SECONDS)
        self._show_log(to_the_end=True)
        if self.is_watched:
            self._ended(self, process.returncode)

    def _show_log(self, *, to_the_end: bool = False) -> None:
        """Show the lines that have come; the beginning of an unfinished one only at the end."""
        with self.log.open("r+b") as log:
            log.seek(self._offset)
            new = log.read()
            whole = len(new) if to_the_end else new.rfind(b"\n") + 1
            self._offset += whole
            if self._offset > LARGEST_LOG and whole == len(new):
                log.truncate(0)
                self._offset = 0
        for line in filter(self._shows, new[:whole].decode(errors="replace").splitlines()):
            self.last_lines.append(line)
            self._screen.log(self.name, line)
