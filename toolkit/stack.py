"""A project's stack of containers, as its team and its engine handle it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.application import environment

LOOK_SECONDS = 0.2
COMMAND_SECONDS = 600
END_SECONDS = 60.0
PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"


class StackFailedError(Exception):
    """A command failed, or the stack is not as it should be; the message says what was seen."""


@dataclass(frozen=True)
class Stack:
    """The containers of one Compose project, reached at one port."""

    project: Path
    name: str
    port: int
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where its gateway answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What sets this stack apart from others on the machine, and what else it was given."""
        return {**self.others, "COMPOSE_PROJECT_NAME": self.name, "GATEWAY_PORT": str(self.port)}

    def session(self, *arguments: str) -> str:
        """Run `nox -s stack` as the team does, through the project's own door. Raises StackFailedError."""
        command = [sys.executable, "noxfile.py", "-s", "stack", "--", *arguments]
        return call(*command, cwd=self.project, settings=self.settings)

    def up(self) -> None:
        """Build, start, wait until all is healthy."""
        self.session("up")

    def down(self, *options: str) -> None:
        """Stop and remove the containers; with `--volumes` the data as well."""
        self.session("down", *options)

    def remove(self) -> None:
        """Remove everything of it from the engine, in whatever state it is: containers, networks, data, images."""
        of_it = ("--quiet", "--filter", f"label={PROJECT}={self.name}")
        for kind, listing in (("container", ("--all",)), ("network", ()), ("volume", ()), ("image", ())):
            if found := docker(kind, "ls", *listing, *of_it).split():
                docker(kind, "rm", *([] if kind == "network" else ["--force"]), *dict.fromkeys(found))

    def inspect(self) -> dict[str, dict[str, Any]]:
        """What the engine knows of each service's container."""
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
        """Kill the container's first process, and return when the engine has seen it end. Raises StackFailedError.

        From outside, as the kernel does when memory runs out. `docker kill` would be an order to stay down.
        """
        before = self.inspect()[service]
        image, pid = before["Config"]["Image"], str(before["State"]["Pid"])
        root = ("--user", "0", "--pid", "host", "--network", "none", "--entrypoint", "sh")
        docker("run", "--rm", *root, image, "-c", f"kill -9 {pid}")
        deadline = time.monotonic() + END_SECONDS
        while self.inspect()[service]["State"]["Pid"] == before["State"]["Pid"]:
            if time.monotonic() > deadline:
                raise StackFailedError(f"{service} still runs {END_SECONDS:.0f} s after kill -9")
            time.sleep(LOOK_SECONDS)

    def pause(self, service: str, seconds: float) -> None:
        """Freeze all processes of a container, and let them go on."""
        container = self.container(service)
        docker("pause", container)
        time.sleep(seconds)
        docker("unpause", container)

    def unhealthy(self) -> dict[str, str]:
        """Each container that is not healthy, or not finished where it should be, with its state."""
        states = {service: state_of(about) for service, about in self.inspect().items()}
        return {service: state for service, state in states.items() if state not in {"healthy", "finished"}}

    def await_healthy(self, seconds: float) -> None:
        """Return when all containers are healthy. Raises StackFailedError after so many seconds."""
        deadline = time.monotonic() + seconds
        while amiss := self.unhealthy():
            if time.monotonic() > deadline:
                raise StackFailedError(f"not healthy by itself in {seconds:.0f} s: {amiss}")
            time.sleep(LOOK_SECONDS)


def state_of(about: dict[str, Any]) -> str:
    """`healthy`, `finished`, or what is amiss, as the engine sees the container."""
    state = about["State"]
    if state["Status"] == "exited" and state["ExitCode"] == 0 and about["HostConfig"]["RestartPolicy"]["Name"] == "no":
        return "finished"
    if state["Status"] != "running":
        return f"{state['Status']} ({state['ExitCode']})"
    return str(state.get("Health", {}).get("Status", "without a health check"))


def docker(*arguments: str) -> str:
    """What the `docker` command prints. Raises StackFailedError."""
    return call("docker", *arguments)


def call(*command: str, cwd: Path | None = None, settings: dict[str, str] | None = None) -> str:
    """What a command prints. Raises StackFailedError with its last words."""
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
