"""Processes of the application: their logs, their exits, and services that restart when their code changes."""

import asyncio
import signal
import subprocess
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from tasks.core.errors import UserError
from tasks.core.screen import Screen
from tasks.project.services import Service
from tasks.servers.group import Group

POLL_SECONDS = 0.03
START_SECONDS = 60.0
# Longer than a service gives to the requests under way.
STOP_SECONDS = 15.0
LAST_LINES = 15
LARGEST_LOG = 10 * 1024 * 1024


class LoggedProcess:
    """Shows the log of the process that `adopt` gets; while `is_watched`, calls `on_exit` when that exits.

    Log lines are shown if `is_relevant` accepts them.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        screen: Screen,
        on_exit: Callable[["LoggedProcess", int], None],
        is_relevant: Callable[[str], bool] = lambda _line: True,
    ) -> None:
        self.name = name
        self.log = log
        self.is_watched = False
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._screen = screen
        self._on_exit = on_exit
        self._is_relevant = is_relevant
        self._offset = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._follower: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The PID while the process runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def adopt(self, process: subprocess.Popen[bytes]) -> None:
        """Follow the log of this process from now on."""
        self._process = process
        self._offset = 0
        self._last_lines.clear()
        self._follower = asyncio.create_task(self._follow(process))

    async def exit_code(self) -> int:
        """Wait until the process has exited and its whole log is shown."""
        if self._process is None or self._follower is None:
            raise RuntimeError(f"{self.name} has not started")
        await asyncio.shield(self._follower)
        return self._process.returncode

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the process gracefully, or kill it when that takes too long."""
        self.is_watched = False
        if self._process is None:
            return
        if self.pid:
            self._process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.exit_code()
        except TimeoutError:
            self._process.kill()
            await self.exit_code()

    def failure(self, code: int, what: str = "exited unexpectedly") -> UserError:
        """An error with the exit code or signal and the end of the log."""
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return UserError("\n".join([f"{self.name} {what} ({how}):", *(self._last_lines or ["no output"])]))

    async def _follow(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            self._show_log()
            await asyncio.sleep(POLL_SECONDS)
        self._show_log(to_the_end=True)
        if self.is_watched:
            self._on_exit(self, process.returncode)

    def _show_log(self, *, to_the_end: bool = False) -> None:
        """Show new lines; an incomplete one only at the end."""
        with self.log.open("r+b") as log:
            log.seek(self._offset)
            new = log.read()
            whole = len(new) if to_the_end else new.rfind(b"\n") + 1
            self._offset += whole
            if self._offset > LARGEST_LOG and whole == len(new):
                log.truncate(0)
                self._offset = 0
        for line in filter(self._is_relevant, new[:whole].decode(errors="replace").splitlines()):
            self._last_lines.append(line)
            self._screen.log(self.name, line)


class RunningService:
    """A service and its process, which runs in `group`."""

    def __init__(
        self, service: Service, process: LoggedProcess, screen: Screen, group: Group, environment: dict[str, str]
    ) -> None:
        self.service = service
        self.process = process
        self.dependencies: list[RunningService] = []
        self.is_starting = True
        self.is_suspended = False
        self._screen = screen
        self._group = group
        self._environment = environment
        self._is_outdated = asyncio.Event()

    async def start(self) -> None:
        """Start it and return when it is ready, or outdated; UserError with the end of its log if it exits instead."""
        self.is_starting = True
        self._screen.status(self.service.name, "starting", "")
        started = monotonic()
        self.process.adopt(self._group.start(self.service.command(), self.process.log, self._environment))
        try:
            if await self._becomes_ready():
                self.process.is_watched = True
                text = f"{self.service.url} in {monotonic() - started:.1f} s"
                self._screen.status(self.service.name, "ready", text)
        finally:
            self.is_starting = False

    def restart(self) -> None:
        """Restart it soon, unless it is suspended."""
        if not self.is_suspended:
            self._is_outdated.set()

    def suspend(self) -> None:
        """Stop it while a debugger runs the service."""
        self.is_suspended = True
        self._is_outdated.set()

    def resume(self) -> None:
        """Run it again."""
        self.is_suspended = False
        self._is_outdated.set()

    async def follow(self, on_change: Callable[[], None]) -> None:
        """Stop, and unless suspended start, the process whenever that is requested, until cancelled.

        After a failed start it waits for the next change of the code.
        """
        while True:
            await self._is_outdated.wait()
            self._is_outdated.clear()
            self.is_starting = not self.is_suspended
            await self.process.stop()
            try:
                await self._update()
            except UserError as error:
                reason = str(error).splitlines()[0].rstrip(":")
                self._screen.status(self.service.name, "failed", f"{reason}; waiting for the next change of the code")
            on_change()

    async def _update(self) -> None:
        if self.is_suspended:
            self._screen.status(self.service.name, "suspended", "a debugger runs it")
        else:
            await self.start()

    async def _becomes_ready(self) -> bool:
        """Wait until it is ready; False if it is outdated before."""
        deadline = monotonic() + START_SECONDS
        while reason := await self._unready_reason():
            if self._is_outdated.is_set():
                return False
            if self.process.pid is None:
                raise self.process.failure(await self.process.exit_code(), "did not start")
            if monotonic() > deadline:
                raise UserError(f"{self.service.name} is not ready after {START_SECONDS:.0f} seconds: {reason}")
            await asyncio.sleep(POLL_SECONDS)
        return True

    async def _unready_reason(self) -> str | None:
        """Why it is not ready; while a dependency starts, a request would only log an error."""
        starting = [each.service.name for each in self.dependencies if each.is_starting]
        if starting:
            return f"it needs {', '.join(starting)}"
        return await asyncio.to_thread(self.service.unready_reason)
