"""The stack of a project: its sessions, and its containers in the engine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.core.errors import UserError
from toolkit.application import environment, free_port

POLL_SECONDS = 0.2
COMMAND_SECONDS = 600
END_SECONDS = 60.0
PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"


class StackFailedError(UserError):
    """A command failed, or a container is in the wrong state; the message has the details."""


@dataclass(frozen=True)
class Stack:
    """A Compose project whose gateway has one port, and its frontend another; `others` are further settings."""

    project: Path
    name: str
    port: int
    others: Mapping[str, str] = field(default_factory=dict)
    frontend_port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """The URL of its gateway."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def urls(self) -> list[str]:
        """The URLs of its gateways, of which it has one."""
        return [self.url]

    @property
    def settings(self) -> dict[str, str]:
        """The settings of this stack, different from those of others on the machine."""
        ports = {"GATEWAY_PORT": str(self.port), "FRONTEND_PORT": str(self.frontend_port)}
        return {**self.others, "COMPOSE_PROJECT_NAME": self.name, **ports}

    def session(self, *arguments: str) -> str:
        """Run `python3 noxfile.py -s stack` in the project. Raises StackFailedError."""
        command = [sys.executable, "noxfile.py", "-s", "stack", "--", *arguments]
        return call(*command, cwd=self.project, settings=self.settings)

    def up(self) -> None:
        """Build, start and wait until everything is ready."""
        self.session("up")

    def down(self, *options: str) -> None:
        """Stop and remove the containers; with `--volumes` the data as well."""
        self.session("down", *options)

    def remove(self) -> None:
        """Remove its containers, networks, data and images, in any state."""
        of_it = ("--quiet", "--filter", f"label={PROJECT}={self.name}")
        for kind, listing in (("container", ("--all",)), ("network", ()), ("volume", ()), ("image", ())):
            if found := docker(kind, "ls", *listing, *of_it).split():
                docker(kind, "rm", *([] if kind == "network" else ["--force"]), *dict.fromkeys(found))

    def inspect(self) -> dict[str, dict[str, Any]]:
        """The engine's attributes of each service's container."""
        listed = self.containers().values()
        found = json.loads(docker("inspect", *listed)) if listed else []
        return {each["Config"]["Labels"][SERVICE]: each for each in found}

    def containers(self) -> dict[str, str]:
        """The ID of each service's container."""
        form = f'{{{{.Label "{SERVICE}"}}}} {{{{.ID}}}}'
        listed = docker("ps", "--all", "--no-trunc", "--filter", f"label={PROJECT}={self.name}", "--format", form)
        return dict(line.split() for line in listed.splitlines())

    def container(self, service: str) -> str:
        """The ID of a service's container."""
        return self.containers()[service]

    def kill(self, service: str) -> None:
        """Kill the container's first process and wait until the engine reports its end. Raises StackFailedError.

        From outside, as the kernel does when memory runs out: after `docker kill`, Docker would not restart it.
        """
        before = self.inspect()[service]
        image, pid = before["Config"]["Image"], str(before["State"]["Pid"])
        root = ("--user", "0", "--pid", "host", "--network", "none", "--entrypoint", "sh")
        docker("run", "--rm", *root, image, "-c", f"kill -9 {pid}")
        deadline = time.monotonic() + END_SECONDS
        while self.inspect()[service]["State"]["Pid"] == before["State"]["Pid"]:
            if time.monotonic() > deadline:
                raise StackFailedError(f"{service} still runs {END_SECONDS:.0f} s after kill -9")
            time.sleep(POLL_SECONDS)

    def unhealthy(self) -> dict[str, str]:
        """The state of each container that is neither healthy nor a finished task."""
        states = {service: state_of(about) for service, about in self.inspect().items()}
        return {service: state for service, state in states.items() if state not in {"healthy", "finished"}}

    def await_healthy(self, seconds: float) -> None:
        """Wait until all containers are healthy. Raises StackFailedError after so many seconds."""
        deadline = time.monotonic() + seconds
        while unhealthy := self.unhealthy():
            if time.monotonic() > deadline:
                raise StackFailedError(f"not healthy within {seconds:.0f} s: {unhealthy}")
            time.sleep(POLL_SECONDS)

    def errors(self) -> list[str]:
        """No unexpected log output: only that of the embedded application is checked."""
        return []


def state_of(about: dict[str, Any]) -> str:
    """`healthy`, `finished`, or the problem of a container."""
    state = about["State"]
    if state["Status"] == "exited" and state["ExitCode"] == 0 and about["HostConfig"]["RestartPolicy"]["Name"] == "no":
        return "finished"
    if state["Status"] != "running":
        return f"{state['Status']} ({state['ExitCode']})"
    return str(state.get("Health", {}).get("Status", "without a health check"))


def docker(*arguments: str) -> str:
    """The output of a `docker` command. Raises StackFailedError."""
    return call("docker", *arguments)


def call(*command: str, cwd: Path | None = None, settings: dict[str, str] | None = None) -> str:
    """The output of a command. Raises StackFailedError with its end."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise StackFailedError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout
