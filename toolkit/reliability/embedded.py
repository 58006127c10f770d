"""The application on embedded servers, with two instances of each service, restarted when they exit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.project import env_file, services, setup
from tasks.project.services import GATEWAY, JWKS_OWNER
from tasks.servers.group import Group
from tasks.servers.postgres import Postgres
from tasks.servers.server import Server
from tasks.servers.valkey import Valkey
from toolkit.application import environment
from toolkit.new import TEMPLATE

# The addresses of the two instances of a service, which have the same port.
HOSTS = ("127.0.0.1", "127.0.0.2")
# Folders in the folder of the run: a small disk with the database, and the rest.
DISK = "disk"
LOGS = "logs"
DISK_MEGABYTES = 512
NAMES = "hosts"
POLL_SECONDS = 0.05
# The pause before a restart of a process that has exited soon after its start.
RESTART_SECONDS = 0.5
START_SECONDS = 120.0
DRAIN_SECONDS = 1.0
# The lifetime is longer than the run: an access token that is refused at its end is refused because of its session.
# The cost of a password is the least that is accepted in production, since the end of the run logs in every user.
SETTINGS = {
    "ACCESS_TOKEN_LIFETIME": str(24 * 3600),
    "ARGON2_MEMORY_KIB": "19456",
    "ARGON2_ROUNDS": "2",
    "LOG_LEVEL": "INFO",
    # One user has all of them.
    "SESSIONS_PER_USER": str(1_000_000),
    # All clients have the same address.
    **dict.fromkeys(
        ("RATE_LIMIT_ACCOUNT", "RATE_LIMIT_ADDRESS", "RATE_LIMIT_CREDENTIALS", "RATE_LIMIT_USER"), "1000000/minute"
    ),
}


class Process:
    """A process that is started again when it exits; `url` is that of a service."""

    def __init__(self, launch: Callable[[], subprocess.Popen[bytes]], url: str | None = None) -> None:
        self.url = url
        self._launch = launch
        self._start()

    def _start(self) -> None:
        self._started = time.monotonic()
        self.popen = self._launch()

    def restart_if_exited(self) -> None:
        """Start it again if it has exited, after a pause if it did so soon after its start."""
        if self.popen.poll() is not None and time.monotonic() > self._started + RESTART_SECONDS:
            self._start()

    def unready_reason(self) -> str | None:
        """Why a service is not ready; None if it is, and for a server, whose state the services report."""
        if self.popen.poll() is not None:
            return "it has exited"
        try:
            answer = httpx.get(f"{self.url}{services.READINESS}", timeout=5, trust_env=False) if self.url else None
        except httpx.TransportError as error:
            return f"{type(error).__name__}: {error}"
        return None if answer is None or answer.is_success else f"{answer.status_code} {answer.text[:500]}"


class Embedded:
    """The application of a project; its processes are `postgres`, `redis`, and `auth 1`, `auth 2` and so on."""

    def __init__(self, project: Path, folder: Path, group: Group, ports: Ports) -> None:
        self.project = project
        self.disk = folder / DISK
        self._logs = folder / LOGS
        self._logs.mkdir()
        self._group = group
        self._processes: dict[str, Process] = {}
        # The number of lines of each log that have been checked.
        self._read: dict[Path, int] = {}
        self.database_url = self._serve("postgres", Postgres(self.disk / "postgres"), ports)
        self.redis_url = self._serve("redis", Valkey(folder / "valkey"), ports)
        self._environment = self._settings(ports)
        self.migrate()
        port = self._environment[services.setting(GATEWAY)]
        self.urls = [f"http://{host}:{port}" for host in HOSTS]
        for name in services.names(project):
            for number, host in enumerate(HOSTS, start=1):
                launch = partial(self._launch, name, number, host)
                url = f"http://{host}:{self._environment[services.setting(name)]}"
                self._processes[f"{name} {number}"] = Process(launch, url)

    def _serve(self, name: str, server: Server, ports: Ports) -> str:
        """Start a server; returns its URL when it accepts clients."""
        server.prepare(self._group)
        port = ports.take()
        self._processes[name] = process = Process(lambda: server.launch(self._group, port))
        server.await_answer(process.popen, port)
        return server.url(port)

    def _settings(self, ports: Ports) -> dict[str, str]:
        """The environment of services, which call each other by a name with the addresses of both instances."""
        found = services.load(self.project, ports)
        settings = services.environment(self.project, found, self.database_url, self.redis_url)
        settings |= {**env_file.local(self.project), **SETTINGS}
        settings |= {f"{each.name.upper()}_URL": f"http://{each.name}:{each.port}" for each in found}
        settings["JWKS_URL"] = f"{settings[f'{JWKS_OWNER.upper()}_URL']}/.well-known/jwks.json"
        return settings

    def _launch(self, name: str, number: int, host: str) -> subprocess.Popen[bytes]:
        starts = len(list(self._logs.glob(f"{name} {number}.*")))
        log = self._logs / f"{name} {number}.{starts}"
        return self._group.start([python(self.project), "-m", name], log, {**self._environment, "HOST": host})

    def migrate(self) -> None:
        """Apply the project's migrations. Raises UserError."""
        command = [python(self.project), "-m", "tasks", "database.migrations.apply"]
        run(command, self.project, {**self._environment, "DATABASE_URL": self.database_url})

    def configure(self, changed: Mapping[str, str]) -> None:
        """Change settings; a process has them from its next start on."""
        self._environment |= changed

    def retire_passwords(self) -> None:
        """Disable passwords of services that are no longer in the settings. Raises UserError."""
        command = [python(self.project), "-m", "shared.database.migrate", "--retire"]
        run(command, self.project, {**self._environment, "DATABASE_URL": self.database_url})

    def setting(self, name: str) -> str:
        """The value of a setting."""
        return self._environment[name]

    def supervise(self, ending: threading.Event) -> None:
        """Start processes again that exit, as Compose and Kubernetes do, until the event is set."""
        while not ending.wait(POLL_SECONDS):
            for process in self._processes.values():
                process.restart_if_exited()

    def instances(self, name: str) -> list[str]:
        """The names of all processes of a service, or of a server."""
        return [each for each in self._processes if each.partition(" ")[0] == name]

    def kill(self, *names: str) -> None:
        """Kill processes as the kernel does when memory runs out, and wait for their ends."""
        running = [self._processes[name].popen for name in names]
        for popen in running:
            popen.kill()
        for popen in running:
            popen.wait()

    def freeze(self, *names: str, seconds: float) -> None:
        """Suspend processes, with those that they have started, for some seconds."""
        frozen = []
        for name in names:
            parent = psutil.Process(self._processes[name].popen.pid)
            # First, so that it starts no further ones.
            parent.suspend()
            frozen += [parent, *parent.children(recursive=True)]
        for process in frozen:
            process.suspend()
        time.sleep(seconds)
        for process in reversed(frozen):
            process.resume()

    def restart(self, name: str) -> None:
        """Stop a process gracefully, and wait until its successor is ready. Raises UserError if that takes too long.

        Clients do not use a gateway from a moment before until then, as with load balancers.
        """
        process, old = self._processes[name], self._processes[name].popen
        with self._out_of_use(process.url):
            old.terminate()
            wait_for(lambda: {name: "it does not stop"} if process.popen is old else {}, START_SECONDS)
            wait_for(partial(self._unready, [name]), START_SECONDS)

    @contextmanager
    def _out_of_use(self, url: str | None) -> Iterator[None]:
        """Remove a gateway's URL from the list, and wait until earlier connections have brought their requests."""
        if url is None or url not in self.urls:
            yield
            return
        self.urls.remove(url)
        time.sleep(DRAIN_SECONDS)
        yield
        self.urls.append(url)

    def await_healthy(self, seconds: float) -> None:
        """Wait until all services are ready. Raises UserError after so many seconds."""
        wait_for(partial(self._unready, list(self._processes)), seconds)

    def _unready(self, names: list[str]) -> dict[str, str]:
        reasons = {name: self._processes[name].unready_reason() for name in names}
        return {name: reason for name, reason in reasons.items() if reason}

    def errors(self) -> list[str]:
        """The first unexpected line of each service's log since the last call: an exception, or what is not JSON."""
        found: dict[str, str] = {}
        for log in sorted(self._logs.iterdir()):
            # Not the last line, if its process was killed while it wrote it.
            lines = log.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
            for line in lines[self._read.get(log, 0) :]:
                if problem := unexpected(line):
                    found.setdefault(log.stem, problem)
            self._read[log] = len(lines)
        return [f"log of {name}: {problem}" for name, problem in found.items()]


def unexpected(line: str) -> str:
    """What is wrong with a line of a service's log; empty if it is an event without an exception."""
    try:
        event = json.loads(line)
    except ValueError:
        return line[:500]
    if event.get("level") in {"error", "critical"} and event.get("exception"):
        return f"{event.get('event')}: {json.dumps(event['exception'])[:500]}"
    return ""


def wait_for(missing: Callable[[], dict[str, Any]], seconds: float) -> None:
    """Wait until nothing is missing. Raises UserError after so many seconds."""
    deadline = time.monotonic() + seconds
    while found := missing():
        if time.monotonic() > deadline:
            raise UserError(f"not ready within {seconds:.0f} s: {found}")
        time.sleep(POLL_SECONDS)


def private_mounts(folder: Path) -> list[str]:
    """The start of a command with mounts of its own: a small disk, and the addresses of services by name.

    Raises UserError where that is not allowed.
    """
    (folder / DISK).mkdir()
    lines = [f"{host} {name}\n" for name in services.names(TEMPLATE / "template") for host in HOSTS]
    (folder / NAMES).write_text("127.0.0.1 localhost\n" + "".join(lines), encoding="utf-8")
    become = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    mounts = f'mount -t tmpfs -o size={DISK_MEGABYTES}m none "$0/{DISK}" && mount --bind "$0/{NAMES}" /etc/hosts'
    command = [*become, "sh", "-c", f'{mounts} && exec "$@"', str(folder)]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        raise UserError("This needs Linux, and the right to create mount namespaces: unshare --map-root-user --mount")
    return command


@contextmanager
def running(project: Path, folder: Path) -> Iterator[Embedded]:
    """The running application of a new project, in a folder whose command line begins with `private_mounts`."""
    prepare(project)
    ending = threading.Event()
    with Ports() as ports, Group() as group:
        application = Embedded(project, folder, group, ports)
        supervisor = threading.Thread(target=application.supervise, args=[ending], daemon=True)
        supervisor.start()
        try:
            application.await_healthy(START_SECONDS)
            application.errors()
            yield application
        finally:
            ending.set()
            supervisor.join()


def prepare(project: Path) -> None:
    """Write the settings of the project, and install its environment."""
    setup.complete(project)
    run([sys.executable, "noxfile.py", "-s", "dev", "--install-only"], project, environment())


def python(project: Path) -> str:
    """The interpreter of the project's environment."""
    return str(project / ".nox" / "dev" / "bin" / "python")


def run(command: list[str], cwd: Path, settings: dict[str, str]) -> None:
    """Run a command of the project. Raises UserError with the end of its output."""
    done = subprocess.run(command, cwd=cwd, env=settings, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        output = (done.stdout + done.stderr).decode(errors="replace")
        raise UserError(f"{' '.join(command)} failed:\n{output[-2000:]}")
