"""Starts the application part by part, and stops it in the opposite order."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import monotonic
from typing import NoReturn

from watchfiles import PythonFilter

from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.core.screen import Screen
from tasks.core.watching import Changes, concerned
from tasks.dev import handover, storage
from tasks.dev.part import Part
from tasks.dev.report import Report
from tasks.dev.running_service import RunningService, ended
from tasks.project import env_file, services
from tasks.project.data_folder import DataFolder
from tasks.project.services import BACKEND, Service
from tasks.servers import Servers
from tasks.servers.group import Group
from tasks.servers.postgres import Postgres
from tasks.servers.server import Server
from tasks.servers.valkey import Valkey
from tasks.settings.wrong_values import wrong_values

MIGRATIONS = "migrations"
STORAGE = (Postgres.title, Valkey.title)


class Application:
    """The application of `project`; `crashed` is told when a part ends by itself."""

    def __init__(self, project: Path, data: DataFolder, screen: Screen, crashed: Callable[[UserError], None]) -> None:
        self._project = project
        self._data = data
        self._screen = screen
        self._crashed = crashed
        self._settings = env_file.settings(project)
        self._report = Report(data)
        self._stack = AsyncExitStack()
        self._group = self._stack.enter_context(Group(note=data.remember))
        self._ports = self._stack.enter_context(Ports())

    @property
    def has_started(self) -> bool:
        """Whether any part of it has started."""
        return self._group.has_started

    async def run(self) -> None:
        """Start everything, then follow the code's changes until cancelled; nothing runs any more afterwards."""
        async with self._stack:
            await self._check_settings()
            placed = services.place(self._project, self._ports)
            for service in placed:
                self._tell_port(service.name, service.usual, service.port)
            servers = await self._start_servers()
            environment = services.environment(self._project, placed, servers.database_url, servers.redis_url)
            await self._migrate(environment)
            # Before the services read their code, so that no change of it is missed.
            changes = self._changes([service.name for service in placed])
            watch = asyncio.create_task(changes.watch())
            self._stack.callback(watch.cancel)
            running = await self._start_services(placed, environment)
            self._screen.settle()
            self._report.announce(running, self._screen)
            self._report.write(running)
            async with asyncio.TaskGroup() as following:
                following.create_task(self._follow(changes, running))
                following.create_task(self._hand_over(running))

    async def _check_settings(self) -> None:
        """Refuse what a service would refuse, before anything runs; of broken code, the service itself tells."""
        wrong: dict[str, str] = {}
        with suppress(UserError):
            wrong = await asyncio.to_thread(wrong_values, self._project, self._group.id)
        if wrong:
            reasons = "; ".join(wrong.values())
            raise UserError(f"Settings that are missing or wrong: {reasons}.\n{self._cure(list(wrong))}")

    def _cure(self, wrong: list[str]) -> str:
        known = env_file.required(self._project) | env_file.defaults(self._project)
        new = [name for name in wrong if name not in known]
        if new:
            return f"Add to {env_file.EXAMPLE}, from which {env_file.LOCAL} is completed: {', '.join(new)}."
        return f"Correct them; {env_file.EXAMPLE} explains each."

    async def _start_servers(self) -> Servers:
        database_url = await self._server_url(
            "DATABASE_URL", Postgres(self._data.path / "postgres"), storage.postgres_version
        )
        redis_url = await self._server_url("REDIS_URL", Valkey(self._data.path / "valkey"), storage.valkey_version)
        servers = Servers(database_url, redis_url)
        self._data.write("servers", asdict(servers))
        return servers

    async def _server_url(self, setting: str, server: Server, version_at: Callable[[str], str]) -> str:
        """The URL of the server that the setting names, else of the embedded one."""
        started = monotonic()
        self._screen.status(server.title, "starting", "")
        given = self._settings.get(setting)
        if given:
            version = await asyncio.to_thread(version_at, given)
            self._screen.status(server.title, "ready", f"{version}, as {setting} says")
            self._report.add_server(server.title, version, None, None)
            return given
        embedded = storage.embedded(server, self._group, self._ports, self._screen, self._ended)
        url, pid, port = await self._stack.enter_async_context(embedded)
        self._tell_port(server.title, server.usual_port, port)
        version = await asyncio.to_thread(version_at, url)
        self._screen.status(server.title, "ready", f"{version} on port {port} in {monotonic() - started:.1f} s")
        self._report.add_server(server.title, version, pid, port)
        return url

    async def _migrate(self, environment: dict[str, str]) -> None:
        """Bring the database to the newest migration."""
        started = monotonic()
        self._screen.status(MIGRATIONS, "starting", "")
        part = self._part(MIGRATIONS)
        part.adopt(self._group.start([sys.executable, "-m", "tasks.database.migrations.apply"], part.log, environment))
        try:
            code = await part.over()
        finally:
            await part.stop()
        if code != 0:
            self._screen.status(MIGRATIONS, "failed", "")
            raise ended(part, code, "failed")
        self._screen.status(MIGRATIONS, "ready", f"up to date in {monotonic() - started:.1f} s")

    async def _start_services(self, placed: list[Service], environment: dict[str, str]) -> list[RunningService]:
        """Start all services at once; each is ready when those that it asks are."""
        running = [RunningService(each, self._part(each.name), self._screen, self._group) for each in placed]
        for each in running:
            self._stack.push_async_callback(each.part.stop)
            each.asks = [other for other in running if services.asks(each.service.name, other.service.name)]
        await _all([each.start(environment) for each in running])
        return running

    def _changes(self, names: list[str]) -> Changes:
        backend = (self._project / BACKEND).resolve()
        return Changes([backend], partial(self._concerned, backend, names), PythonFilter())

    def _concerned(self, backend: Path, names: list[str], paths: list[Path]) -> list[str]:
        """The services to start again; migrations are no part of them, and not applied before they are finished."""
        code = [path for path in paths if not path.match("migrations/versions/*")]
        if code != paths:
            self._screen.say("Migrations changed; this applies what the database lacks: nox -s migrate", "yellow")
        return concerned(backend, names, code)

    async def _follow(self, changes: Changes, running: list[RunningService]) -> None:
        async with asyncio.TaskGroup() as reloads:
            try:
                await self._reload_on(changes, running, reloads)
            except UserError as unseen:
                self._screen.say(str(unseen), "yellow")

    async def _reload_on(self, changes: Changes, running: list[RunningService], reloads: asyncio.TaskGroup) -> NoReturn:
        by_name = {each.service.name: each for each in running}
        while True:
            names = await changes.next()
            self._screen.say(f"Code changed: starting again {', '.join(names)}.", "bold")
            for name in names:
                reloads.create_task(self._reload(by_name[name], running))

    async def _reload(self, one: RunningService, running: list[RunningService]) -> None:
        await one.reload()
        self._report.write(running)

    async def _hand_over(self, running: list[RunningService]) -> None:
        """Leave services to the debuggers that want to run them, and start them again afterwards."""
        while True:
            for one in running:
                if one.is_suspended != handover.is_taken(self._data, one.service.name):
                    await (one.resume() if one.is_suspended else one.suspend())
                    self._report.write(running)
            await asyncio.sleep(handover.LOOK_SECONDS)

    def _part(self, name: str) -> Part:
        logs = self._data.path / "logs"
        logs.mkdir(exist_ok=True)
        return Part(name, logs / f"{name}.log", self._screen, self._ended)

    def _ended(self, part: Part, code: int) -> None:
        self._screen.status(part.name, "failed", "")
        self._crashed(ended(part, code))

    def _tell_port(self, name: str, usual: int | None, port: int) -> None:
        if usual is None:
            lacks = f"{env_file.EXAMPLE} has no {services.setting(name)}"
            self._screen.say(f"{lacks}: {name} listens on {port}, which is free.", "yellow")
        elif usual != port:
            self._screen.say(f"Port {usual} is taken: {name} listens on {port} instead.", "yellow")


async def _all(starts: list[Coroutine[None, None, None]]) -> None:
    """Run them at once; when one fails, its error counts and the others are given up."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for start in starts:
                tasks.create_task(start)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
