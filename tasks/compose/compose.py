"""Calls `docker compose` and reads the services of its files; without the Docker client, which few sessions have."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from tasks.core import processes
from tasks.core.errors import UserError
from tasks.core.ports import LOOPBACK
from tasks.project import env_file
from tasks.project.services import compose_files

# The overlay for debuggers in editors, those for monitoring, and those of parts that watch their code in another way.
DEBUGGING = "compose.debug.yaml"
MONITORING = "*/*/compose.monitoring.yaml"
WATCHING = "src/*/compose.watch.yaml"
STOP_SECONDS = 20
UNSET = re.compile(r"required variable (\w+) is missing")


@dataclass(frozen=True)
class Compose:
    """Compose for the project in a folder; `settings` are the values of the variables in its files.

    `overlays` are files that change the services for one purpose.
    """

    project: Path
    settings: dict[str, str]
    overlays: Sequence[Path] = ()

    def command(self, *arguments: str) -> list[str]:
        """The command line of a call, with the files of the project and its parts, and with the overlays."""
        files = [word for path in (*compose_files(self.project), *self.overlays) for word in ("--file", str(path))]
        return ["docker", "compose", *files, *arguments]

    def output(self, *arguments: str) -> str:
        """What a call prints; UserError with the end of its errors if it fails."""
        done = processes.run(self.command(*arguments), cwd=self.project, env=self.settings)
        if done.returncode != 0:
            raise UserError(_error(done.stderr))
        return done.stdout

    def run(self, *arguments: str) -> None:
        """Make a call that prints its own progress and errors; UserError if it fails.

        It has its own process group: an interrupt reaches this process only, which then stops the call gracefully.
        """
        command, nothing = self.command(*arguments), subprocess.DEVNULL
        with subprocess.Popen(command, cwd=self.project, env=self.settings, stdin=nothing, process_group=0) as process:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                os.killpg(process.pid, signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_SECONDS)
                process.kill()
                raise
        if code != 0:
            named = " ".join(word for word in arguments if not word.startswith("-"))
            raise UserError(f"docker compose {named} failed; its error is above.")


@dataclass(frozen=True)
class Port:
    """A published port: `number` on this machine leads to `target` in the container."""

    number: int
    target: int
    address: str

    @property
    def url(self) -> str:
        """Its address for browsers of this machine."""
        return f"http://{self.address or LOOPBACK}:{self.number}"


@dataclass(frozen=True)
class ComposeService:
    """A service of the Compose files; `definition` is as `docker compose config` prints it.

    Other services wait for a task to end, so its end is no failure.
    """

    name: str
    image: str
    is_task: bool
    definition: Mapping[str, Any]

    @property
    def ports(self) -> list[Port]:
        """Its published ports."""
        return [
            Port(int(port["published"]), int(port["target"]), port.get("host_ip", ""))
            for port in self.definition.get("ports") or []
            if str(port.get("published", "")).isdecimal()
        ]

    @property
    def build(self) -> dict[str, Any]:
        """How its image is built; empty for a published image."""
        return self.definition.get("build") or {}

    @property
    def secrets(self) -> list[str]:
        """The secrets that it reads."""
        return [each["source"] for each in self.definition.get("secrets") or []]


def read(compose: Compose) -> tuple[str, list[ComposeService], dict[str, dict[str, Any]]]:
    """The name of the project, its services, and the definitions of its volumes."""
    config = json.loads(compose.output("config", "--format", "json"))
    return config["name"], services(config), config.get("volumes") or {}


def services(config: Mapping[str, Any]) -> list[ComposeService]:
    """The services in the output of `docker compose config`, each after those that it depends on."""
    found = config["services"]
    dependencies: dict[str, dict[str, Any]] = {name: each.get("depends_on") or {} for name, each in found.items()}
    tasks = {
        name
        for each in dependencies.values()
        for name, how in each.items()
        if how["condition"] == "service_completed_successfully"
    }
    return [
        ComposeService(name, found[name].get("image") or f"{config['name']}-{name}", name in tasks, found[name])
        for name in TopologicalSorter(dependencies).static_order()
        if name in found
    ]


def builds(services: Sequence[ComposeService]) -> list[list[ComposeService]]:
    """The services with a build, grouped by equal builds, which make equal images."""
    found: dict[str, list[ComposeService]] = {}
    for service in services:
        if service.build:
            found.setdefault(json.dumps(service.build, sort_keys=True), []).append(service)
    return list(found.values())


def _error(text: str) -> str:
    if unset := UNSET.search(text):
        return f"The setting {unset[1]} is missing: nox -s setup writes {env_file.LOCAL}."
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("time=")]
    if "project name" in text:
        lines.append(f"It is the folder's name by default. Set COMPOSE_PROJECT_NAME=my-app in {env_file.LOCAL}.")
    return "\n".join(lines[-3:]) or "docker compose failed without output."
