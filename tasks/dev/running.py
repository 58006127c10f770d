"""Processes of the application: their logs, their exits, and services that restart when their code changes."""

import asyncio
import os
import re
import signal
import subprocess
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from time import monotonic

from tasks.core.errors import UserError
from tasks.core.screen import Screen
from tasks.project.services import BACKEND, Service

POLL_SECONDS = 0.03
SHOW_REASON_SECONDS = 5.0
# Longer than a service gives to the requests under way.
STOP_SECONDS = 15.0
LAST_LINES = 15
FRAME = re.compile(r'  File "(.+)", line (\d+)')
LARGEST_LOG = 10 * 1024 * 1024

OnExit = Callable[["LoggedProcess", int], None]


class LoggedProcess:
    """A process whose log is shown; `on_exit`, where it is set, is called with the exit code."""

    def __init__(
        self, name: str, process: subprocess.Popen[bytes], log: Path, screen: Screen, ignored: str | None = None
    ) -> None:
        """Follow the log, without the lines that contain the `ignored` phrase."""
        self.name = name
        self.on_exit: OnExit | None = None
        self._process = process
        self._log = log
        self._screen = screen
        self._ignored = ignored
        self._offset = 0
        self._place = ""
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._follower = asyncio.create_task(self._follow())

    @property
    def pid(self) -> int | None:
        """The PID while the process runs."""
        return self._process.pid if self._process.poll() is None else None

    async def exit_code(self) -> int:
        """Wait until the process has exited and its whole log is shown."""
        await asyncio.shield(self._follower)
        return self._process.returncode

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the process gracefully, or kill it when that takes too long."""
        self.on_exit = None
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

    async def _follow(self) -> None:
        while self._process.poll() is None:
            self._show_log()
            await asyncio.sleep(POLL_SECONDS)
        self._show_log(to_the_end=True)
        if self.on_exit:
            self.on_exit(self, self._process.returncode)

    def _show_log(self, *, to_the_end: bool = False) -> None:
        """Show new lines, an incomplete one only at the end; then empty a log that has become too large."""
        if not self._log.exists():
            # The user has removed `.data` meanwhile.
            return
        with self._log.open("r+b") as log:
            log.seek(self._offset)
            read = log.read()
            new = read if to_the_end else read[: read.rfind(b"\n") + 1]
            self._offset += len(new)
            if self._offset > LARGEST_LOG and len(new) == len(read):
                log.truncate(0)
                self._offset = 0
        for line in self._without_frames(new.decode(errors="replace").splitlines()):
            if self._ignored is None or self._ignored not in line:
                self._last_lines.append(line)
                self._screen.log(self.name, line)

    def _without_frames(self, lines: list[str]) -> Iterator[str]:
        """The lines; of a traceback only the last, with its place in the project's code. The log has the others."""
        for line in lines:
            if line.startswith("Traceback (most recent call last)"):
                self._place = "?"
            elif not self._place or not line.startswith(" "):
                yield f"{line} ({self._place})" if self._place else line
                self._place = ""
            elif (frame := FRAME.match(line)) and (str(BACKEND) in line or str(BACKEND) not in self._place):
                self._place = f"{os.path.relpath(frame[1])}:{frame[2]}"


class RunningService:
    """A service, and the process that `launch` starts for it; `on_exit` is called when that exits unexpectedly.

    `prepare` is awaited once, before the first launch.
    """

    def __init__(
        self,
        service: Service,
        launch: Callable[[], LoggedProcess],
        screen: Screen,
        on_exit: OnExit,
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.service = service
        self._prepare = prepare
        self.dependencies: list[RunningService] = []
        self.is_suspended = False
        # Set while it is ready, or a debugger runs it.
        self.ready = asyncio.Event()
        self._launch = launch
        self._screen = screen
        self._on_exit = on_exit
        self._process: LoggedProcess | None = None
        self._is_outdated = asyncio.Event()
        self._is_outdated.set()

    @property
    def pid(self) -> int | None:
        """The PID; None while the service is suspended or its code is broken."""
        return self._process.pid if self._process else None

    async def stop(self) -> None:
        """Stop its process, if any."""
        if self._process:
            await self._process.stop()

    def restart(self) -> None:
        """Restart it soon, unless it is suspended."""
        if not self.is_suspended:
            self._is_outdated.set()

    def suspend(self, *, is_suspended: bool) -> None:
        """Stop it soon, while a debugger runs the service; or resume it."""
        self.is_suspended = is_suspended
        self._is_outdated.set()

    async def follow(self, on_change: Callable[[], None]) -> None:
        """Start it, and restart, suspend or resume it whenever that is requested, until cancelled."""
        if self._prepare:
            await self._prepare()
        while True:
            await self._is_outdated.wait()
            self._is_outdated.clear()
            self.ready.clear()
            await self.stop()
            if self.is_suspended:
                self._screen.status(self.service.name, "suspended", "a debugger runs it")
                self.ready.set()
            else:
                await self._start()
            on_change()

    async def _start(self) -> None:
        """Start it and return when it is ready, or outdated, or has exited."""
        self._screen.status(self.service.name, "starting", "")
        started = monotonic()
        self._process = process = self._launch()
        shown = None
        while reason := await self._unready_reason():
            if self._is_outdated.is_set():
                return
            if process.pid is None:
                reason = str(process.failure(await process.exit_code(), "did not start")).partition(":\n")[0]
                self._screen.status(self.service.name, "failed", f"{reason}; waiting for the next change")
                return
            elapsed = monotonic() - started
            if elapsed > SHOW_REASON_SECONDS and reason != shown:
                self._screen.status(self.service.name, "starting", f"not ready: {reason}")
                shown = reason
            # Less and less often, since each request may be logged.
            await asyncio.sleep(max(POLL_SECONDS, elapsed / 20))
        process.on_exit = self._on_exit
        self._screen.status(self.service.name, "ready", f"{self.service.url} in {monotonic() - started:.1f} s")
        self.ready.set()

    async def _unready_reason(self) -> str | None:
        """Why it is not ready; while a dependency is not, a request would only log an error."""
        missing = [each.service.name for each in self.dependencies if not each.ready.is_set()]
        return f"it needs {', '.join(missing)}" if missing else await asyncio.to_thread(self.service.unready_reason)
