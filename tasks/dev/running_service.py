"""A service that runs, and starts again when its code changes."""

import asyncio
import signal
from time import monotonic

from tasks.core.errors import UserError
from tasks.core.screen import Screen
from tasks.dev.part import Part
from tasks.project.services import Service
from tasks.servers.group import Group

START_SECONDS = 60.0
# Each look at a service that is not ready yet leaves a line in its log.
LOOK_SECONDS = 0.05


class RunningService:
    """Ties a service to its process, which `group` ends if all else fails."""

    def __init__(self, service: Service, part: Part, screen: Screen, group: Group) -> None:
        self.service = service
        self.part = part
        self.asks: list[RunningService] = []
        self._screen = screen
        self._group = group
        self.is_suspended = False
        self.is_starting = True
        self._environment: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()
        self._is_outdated = False

    async def start(self, environment: dict[str, str]) -> None:
        """Start the service and return when it is ready; a UserError with its last words if it ends instead."""
        self.is_starting = True
        try:
            await self._start(environment)
        finally:
            self.is_starting = False

    async def _start(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._screen.status(self.service.name, "starting", "")
        started = monotonic()
        self.part.adopt(self._group.start(self.service.command(), self.part.log, environment))
        await self._ready()
        self.part.is_watched = True
        self._screen.status(self.service.name, "ready", f"{self.service.url} in {monotonic() - started:.1f} s")

    async def reload(self) -> None:
        """Start it again; code that does not start is left for the next change, and a lent service alone."""
        if self._is_outdated:
            return
        self._is_outdated = True
        async with self._one_at_a_time:
            self._is_outdated = False
            self.is_starting = True
            await self.part.stop()
            if self.is_suspended:
                self.is_starting = False
                return
            try:
                await self.start(self._environment)
            except UserError as error:
                reason = str(error).splitlines()[0].rstrip(":")
                self._screen.status(self.service.name, "failed", f"{reason}; waiting for the next change of the code")

    async def suspend(self) -> None:
        """Stop it while a debugger runs it in our place."""
        self.is_suspended = True
        # A start under way gives up.
        self._is_outdated = True
        async with self._one_at_a_time:
            self._is_outdated = False
            await self.part.stop()
        self._screen.status(self.service.name, "lent", "a debugger runs it")

    async def resume(self) -> None:
        """Run it again."""
        self.is_suspended = False
        await self.reload()

    async def _ready(self) -> None:
        deadline = monotonic() + START_SECONDS
        while reason := await self._trouble():
            if self._is_outdated:
                return
            if not self.part.is_alive():
                raise ended(self.part, await self.part.over(), "did not start")
            if monotonic() > deadline:
                raise UserError(f"{self.service.name} is not ready after {START_SECONDS:.0f} seconds: {reason}")
            await asyncio.sleep(LOOK_SECONDS)

    async def _trouble(self) -> str | None:
        """Why it is not ready; it is not asked while it would complain about another that is starting."""
        missing = [each.service.name for each in self.asks if each.is_starting]
        if missing:
            return f"it needs {', '.join(missing)}"
        return await asyncio.to_thread(self.service.trouble)


def ended(part: Part, code: int, what: str = "has ended by itself") -> UserError:
    """Says how the part ended, and its last words."""
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    words = list(part.last_lines) or ["It said nothing."]
    return UserError("\n".join([f"{part.name}: {what} ({how}):", *words]))
