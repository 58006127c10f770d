"""What the Compose files ask for: which services, in which order, built or not, and on which ports."""

import json
import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tasks.compose.compose import Compose
from tasks.core.errors import UserError
from tasks.core.ports import LOOPBACK

VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Port:
    """A port of this machine that leads to the `target` of a service; `setting` is the variable that moves it."""

    address: str
    number: int
    target: int
    setting: str | None

    @property
    def host(self) -> str:
        """Where it is reached from this machine: on the loopback address, if it is bound to all."""
        bound = ip_address(self.address or LOOPBACK)
        return LOOPBACK if bound.is_unspecified else f"[{bound}]" if bound.version == 6 else str(bound)


@dataclass(frozen=True)
class Service:
    """A service of the files; others may wait for a task's end, which is then no failure. It reads these secrets.

    A change in one of the `watched` files and folders concerns it: its `develop.watch` says so, whatever action that
    asks for.
    """

    name: str
    image: str
    is_task: bool
    ports: tuple[Port, ...]
    build: dict[str, Any] | None
    secrets: tuple[str, ...]
    watched: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The project's name for Compose, and the services, each after those that it waits for."""

    name: str
    services: tuple[Service, ...]

    @property
    def names(self) -> list[str]:
        """The services' names."""
        return [service.name for service in self.services]

    def known(self, names: list[str]) -> list[str]:
        """The given names; a UserError when one is no service's."""
        unknown = [name for name in names if name not in self.names]
        if unknown:
            raise UserError(f"There is no service {', '.join(unknown)}. The services are: {', '.join(self.names)}.")
        return names


def read(compose: Compose) -> Plan:
    """The plan that the files and settings make together."""
    if not compose.files[0].exists():
        raise UserError(f"There is no {compose.files[0]}; restore it: git checkout compose.yaml")
    config = json.loads(compose.output("config", "--format", "json"))
    raw = json.loads(compose.output("config", "--no-interpolate", "--format", "json"))["services"]
    services = config["services"]
    awaited = {name for each in services.values() for name in _awaited(each)}
    return Plan(
        config["name"],
        tuple(
            Service(
                name,
                services[name].get("image") or f"{config['name']}-{name}",
                name in awaited,
                tuple(_ports(services[name], raw.get(name, {}))),
                services[name].get("build"),
                tuple(each["source"] for each in services[name].get("secrets") or []),
                tuple(_watched(services[name])),
            )
            for name in _ordered(services)
        ),
    )


def _awaited(service: dict[str, Any]) -> list[str]:
    """The services whose end this one waits for."""
    waits = service.get("depends_on") or {}
    return [name for name, wait in waits.items() if wait.get("condition") == "service_completed_successfully"]


def _watched(service: dict[str, Any]) -> list[Path]:
    rules = (service.get("develop") or {}).get("watch") or []
    return [Path(rule["path"]).resolve() for rule in rules]


def _ordered(services: dict[str, Any]) -> list[str]:
    found: list[str] = []

    def add(name: str) -> None:
        if name in services and name not in found:
            for needed in services[name].get("depends_on") or {}:
                add(needed)
            found.append(name)

    for name in services:
        add(name)
    return found


def _ports(service: dict[str, Any], raw: dict[str, Any]) -> list[Port]:
    """The published ports; the raw ones still name the variables."""
    ports, texts = service.get("ports") or [], raw.get("ports") or []
    if len(ports) != len(texts):
        texts = [""] * len(ports)
    return [
        Port(port.get("host_ip", ""), int(port["published"]), int(port["target"]), _variable(text))
        for port, text in zip(ports, texts, strict=True)
        if str(port.get("published", "")).isdecimal()
    ]


def _variable(text: object) -> str | None:
    published = text.get("published") if isinstance(text, dict) else text
    names = VARIABLE.findall(str(published))
    return names[-1] if names else None
