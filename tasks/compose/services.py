"""The services of the Compose files; without imports of the Docker client, which not every session has."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from tasks.compose.compose import Compose
from tasks.core.ports import LOOPBACK


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


def read(compose: Compose) -> tuple[str, list[ComposeService]]:
    """The name of the project and its services."""
    config = json.loads(compose.output("config", "--format", "json"))
    return config["name"], services(config)


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
