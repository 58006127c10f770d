"""Starts the application step by step: servers, migrations, services; and stops it in the opposite order."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
from watchfiles import Change, PythonFilter, awatch

from tasks.core.errors import UserError
from tasks.core.ports import LOOPBACK, Ports
from tasks.core.screen import Screen
from tasks.dev import debug, inbox, page, storage
from tasks.dev.page import Page
from tasks.dev.running import POLL_SECONDS, LoggedProcess, RunningService
from tasks.dev.telemetry import SAMPLE_SECONDS, Store, fetch
from tasks.project import env_file, parts, services
from tasks.project.data_folder import DataFolder
from tasks.project.services import BACKEND, GATEWAY
from tasks.servers import Servers
from tasks.servers.group import Group
from tasks.servers.postgres import Postgres
from tasks.servers.server import Server
from tasks.servers.valkey import Valkey
from tasks.settings.wrong_values import wrong_values

MIGRATIONS = "migrations"
SERVERS = (Postgres.title, Valkey.title)
DOCS = "/docs"
# For programs that write several files.
DEBOUNCE_MILLISECONDS = 200


class Application:
    """The application of `project`; `on_crash` is called when one of its processes exits unexpectedly.

    Where it `is_built`, parts run what production does.
    """

    def __init__(
        self,
        project: Path,
        data: DataFolder,
        screen: Screen,
        on_crash: Callable[[UserError], None],
        *,
        is_built: bool = False,
    ) -> None:
        self._project = project
        self._data = data
        self._screen = screen
        self._on_crash = on_crash
        self._running: list[RunningService] = []
        self._store = Store()
        screen.on_line = self._store.add_line
        self._is_built = is_built
        self._parts = {part.NAME: part for part in parts.hooks(project, "dev")}
        self._report: dict[str, Any] = {"pid": os.getpid(), "servers": {}}
        self._stack = AsyncExitStack()
        self._group = self._stack.enter_context(Group(on_start=data.remember))
        self._ports = self._stack.enter_context(Ports())

    async def run(self) -> None:
        """Start everything, then follow changes of the code until cancelled; stops everything in the end."""
        async with self._stack:
            await self._check_settings()
            found = services.load(self._project, self._ports)
            for service in found:
                self._print_port(service.name, service.usual_port, service.port)
            self._serve_page()
            servers = await self._start_servers()
            environment = services.environment(self._project, found, servers.database_url, servers.redis_url)
            environment |= self._report["telemetry"]
            await self._migrate({**environment, "DATABASE_URL": servers.database_url})
            for each in found:
                launch = partial(self._launch, each, environment)
                self._running.append(RunningService(each, launch, self._screen, self._exited, self._preparation(each)))
            await self._run_services()

    def _serve_page(self) -> None:
        """Serve the local page; its threads call these functions."""
        loop = asyncio.get_running_loop()

        def restart(query: Mapping[str, str]) -> list[str]:
            names = [each.service.name for each in self._running if each.service.name == query.get("service")]
            loop.call_soon_threadsafe(self._restart, "Requested in the page", names)
            return names

        store, port = self._store, self._ports.take(page.USUAL_PORT)
        answers = {
            "/api/state": self._state,
            "/api/lines": store.lines,
            "/api/traces": store.traces,
            "/api/trace": store.trace,
            "/api/metrics": store.metrics,
            "/api/mail": self._mail,
        }
        served = Page(answers, {"/api/restart": restart}, store.add_spans)
        self._report["page"] = self._stack.enter_context(served.served(port))
        # For the services, unless other settings are set.
        exporter = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LOOPBACK}:{port}", "OTEL_TRACES_SAMPLER_ARG": "1"}
        known = env_file.settings(self._project)
        self._report["telemetry"] = {name: text for name, text in exporter.items() if not known.get(name)}

    def _mail(self, _query: Mapping[str, str]) -> Any:
        """The mail in the inbox, newest first; None without one."""
        gateway = next((each.service.url for each in self._running if each.service.name == GATEWAY), "")
        with suppress(ValueError):
            return json.loads(fetch(f"{gateway}{inbox.MESSAGES}") or "")
        return None

    def _state(self, _query: Mapping[str, str]) -> dict[str, Any]:
        """The processes and their states, with the URLs of those that can be restarted, and the memory of the page."""
        urls = {each.service.name: each.service.url for each in self._running}
        processes = [
            {"name": name, "state": state, "text": text, "url": urls.get(name)}
            for name, (state, text) in self._screen.states.items()
        ]
        app = env_file.settings(self._project).get("APP_NAME", self._project.name)
        return {"app": app, "processes": processes, "memory": self._store.size()}

    async def _check_settings(self) -> None:
        """Fail on wrong settings before anything starts; a service reports its broken code itself."""
        wrong: dict[str, str] = {}
        with suppress(UserError):
            wrong = await asyncio.to_thread(wrong_values, self._project, self._group.id)
        if not wrong:
            return
        known = env_file.required(self._project) | env_file.defaults(self._project)
        new = ", ".join(name for name in wrong if name not in known)
        advice = f"Add to {env_file.EXAMPLE}, from which it is copied to {env_file.LOCAL}: {new}."
        raise UserError(
            f"Settings that are missing or wrong: {'; '.join(wrong.values())}.\n"
            f"{advice if new else f'Correct them; {env_file.EXAMPLE} explains each.'}"
        )

    async def _start_servers(self) -> Servers:
        postgres, valkey = Postgres(self._data.path / "postgres"), Valkey(self._data.path / "valkey")
        servers = Servers(
            await self._server_url("DATABASE_URL", postgres, storage.postgres_version),
            await self._server_url("REDIS_URL", valkey, storage.valkey_version),
        )
        self._data.write("servers", asdict(servers))
        return servers

    async def _server_url(self, setting: str, server: Server, version_at: Callable[[str], str]) -> str:
        """The URL in the setting, else that of the embedded server."""
        started = monotonic()
        self._screen.status(server.title, "starting", "")
        url, pid, port = env_file.settings(self._project).get(setting), None, None
        if not url:
            url, pid, port = await self._embedded(server)
        version = await asyncio.to_thread(version_at, url)
        source = f"on port {port} in {monotonic() - started:.1f} s" if port else f"from {setting}"
        self._screen.status(server.title, "ready", f"{version} {source}")
        self._report["servers"][server.title] = {"version": version, "pid": pid, "port": port}
        return url

    async def _embedded(self, server: Server) -> tuple[str, int, int]:
        """Start an embedded server; returns its URL, PID and port when it accepts clients."""
        await asyncio.to_thread(server.prepare, self._group)
        port = self._ports.take(server.usual_port)
        self._print_port(server.title, server.usual_port, port)
        launched = server.launch(self._group, port)
        process = LoggedProcess(server.title, launched, server.log, self._screen, server.ignored_lines)
        self._stack.push_async_callback(process.stop, signal.SIGINT)
        await asyncio.to_thread(server.await_answer, launched, port)
        process.on_exit = self._exited
        return server.url(port), launched.pid, port

    async def _migrate(self, environment: dict[str, str]) -> None:
        started = monotonic()
        command = [sys.executable, "-m", "tasks", "database.migrations.apply", "--warn"]
        await self._run_to_end(MIGRATIONS, command, environment)
        self._screen.status(MIGRATIONS, "ready", f"up to date in {monotonic() - started:.1f} s")

    async def _run_to_end(self, name: str, command: list[str], environment: dict[str, str], text: str = "") -> None:
        """Run a command to its end; its failure is that of the start."""
        self._screen.status(name, "starting", text)
        process = self._start(name, command, environment)
        self._stack.push_async_callback(process.stop)
        if (code := await process.exit_code()) != 0:
            self._screen.status(name, "failed", "")
            raise process.failure(code, "failed")

    async def _run_services(self) -> None:
        """Start all services at once, and restart and suspend them as needed, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            # Before the services read their code and settings, so that no change is missed.
            tasks.create_task(self._restart_on_changes())
            tasks.create_task(self._poll())
            tasks.create_task(self._collect_metrics())
            for each in self._running:
                self._stack.push_async_callback(each.stop)
                each.dependencies = [other for other in self._running if other.service.name in each.service.depends_on]
                tasks.create_task(each.follow(self._write_report))
            await asyncio.gather(*(each.ready.wait() for each in self._running))
            self._announce()

    def _announce(self) -> None:
        """Print the URLs and the seconds since the start of this process, and write them for other sessions."""
        url = next((each.service.url for each in self._running if each.service.name == GATEWAY), None)
        seconds = round(time.time() - psutil.Process().create_time(), 2)
        self._report |= {"url": url, "docs": f"{url}{DOCS}", "seconds": seconds}
        self._screen.settle()
        self._screen.print(f"Ready in {seconds} s", "bold green")
        for each in self._running:
            if each.service.name in self._parts:
                self._screen.print(f"  {each.service.name:<9} {each.service.url}")
        self._screen.print(f"  gateway   {url}\n  API pages {url}{DOCS}\n  mail      {url}{inbox.PAGE}")
        self._screen.print(f"  dev page  {self._report['page']}")
        self._screen.print(f"Changes of the code and of {env_file.LOCAL} restart services; Ctrl-C stops everything.")
        self._write_report()

    def _write_report(self) -> None:
        """Write `.data/dev.json`, once everything has been ready."""
        running = {
            each.service.name: {"url": each.service.url, "port": each.service.port, "pid": each.pid}
            for each in self._running
        }
        if "url" in self._report:
            self._data.write("dev", {**self._report, "services": running})

    async def _restart_on_changes(self) -> None:
        backend, is_code = (self._project / BACKEND).resolve(), PythonFilter()

        def selects(change: Change, path: str) -> bool:
            # Relative, since the project may be below a folder that the filter ignores, such as .venv.
            return is_code(change, os.path.relpath(path, backend))

        try:
            async for batch in awatch(backend, watch_filter=selects, debounce=DEBOUNCE_MILLISECONDS):
                self._restart_affected([Path(path).relative_to(backend) for _, path in batch])
        except (OSError, RuntimeError) as error:
            # Mostly the system's limit of watched files.
            advice = "Try again with WATCHFILES_FORCE_POLLING=true."
            self._screen.print(f"Cannot watch the code for changes ({error}). {advice}", "yellow")

    def _restart_affected(self, paths: list[Path]) -> None:
        """Restart services whose code changed; migrations are not applied, as they may be unfinished."""
        code = [path for path in paths if not path.match("migrations/versions/*")]
        if code != paths:
            self._screen.print("Migrations changed. Apply them: nox -s migrate", "yellow")
        backend = [each.service.name for each in self._running if each.service.name not in self._parts]
        self._restart("Code changed", affected(backend, code))

    def _restart(self, reason: str, names: list[str]) -> None:
        if names:
            self._screen.print(f"{reason}: restarting {', '.join(names)}.", "bold")
        for each in self._running:
            if each.service.name in names:
                each.restart()

    async def _poll(self) -> None:
        """Suspend services while debuggers run them, and restart all when the settings have changed."""
        settings = self._project / env_file.LOCAL
        old = new = settings.read_bytes()
        while True:
            for each in self._running:
                if each.is_suspended != (wanted := debug.is_suspended(self._data, each.service.name)):
                    each.suspend(is_suspended=wanted)
            with suppress(OSError):
                new = settings.read_bytes()
            if new != old:
                self._restart(f"{env_file.LOCAL} changed", [each.service.name for each in self._running])
                self._screen.print("To use new ports and new URLs of servers, stop dev and start it again.")
            old = new
            await asyncio.sleep(POLL_SECONDS)

    async def _collect_metrics(self) -> None:
        """Keep the metrics of the services that are ready, for the local page."""
        while True:
            for each in self._running:
                if each.ready.is_set():
                    await asyncio.to_thread(self._store.add_metrics, each.service.name, each.service.metrics_url)
            await asyncio.sleep(SAMPLE_SECONDS)

    def _start(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        folder: Path | None = None,
        ignored: str | None = None,
    ) -> LoggedProcess:
        log = self._data.path / "logs" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        return LoggedProcess(name, self._group.start(command, log, environment, folder), log, self._screen, ignored)

    def _launch(self, service: services.Service, environment: dict[str, str]) -> LoggedProcess:
        if part := self._parts.get(service.name):
            command, own, folder = part.command(self._project, service, environment, is_built=self._is_built)
            return self._start(service.name, command, own, folder, part.IGNORED)
        return self._start(service.name, [sys.executable, "-m", service.name], environment)

    def _preparation(self, service: services.Service) -> Callable[[], Awaitable[None]] | None:
        if part := self._parts.get(service.name):
            return partial(self._run_to_end, service.name, part.PREPARE, dict(os.environ), "installing packages")
        return None

    def _exited(self, process: LoggedProcess, code: int) -> None:
        self._screen.status(process.name, "failed", "")
        self._on_crash(process.failure(code))

    def _print_port(self, name: str, usual: int | None, port: int) -> None:
        if usual is None:
            lacks = f"{env_file.EXAMPLE} has no {services.setting(name)}"
            self._screen.print(f"{lacks}: {name} listens on the free port {port}.", "yellow")
        elif usual != port:
            self._screen.print(f"Port {usual} is in use: {name} listens on {port} instead.", "yellow")


def affected(names: list[str], paths: list[Path]) -> list[str]:
    """The services whose folders contain the paths; all services if a path is elsewhere, as in `shared`."""
    folders = {path.parts[0] for path in paths}
    return [name for name in names if name in folders] if folders <= set(names) else names
