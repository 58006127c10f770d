"""The services of the application: which there are, where they listen, what they are told."""

import http.client
import os
import sys
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from tasks.core.errors import UserError
from tasks.core.ports import LOOPBACK, Ports
from tasks.project import env_file

BACKEND = Path("src/backend")
# Started last: it is the door to the others.
GATEWAY = "gateway"
JWKS_OWNER = "auth"
READINESS = "/health/detailed"
HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Service:
    """A service and the port that it gets; `usual` is the one that the settings name."""

    name: str
    port: int
    usual: int | None

    @property
    def url(self) -> str:
        """Where it is reached on this machine."""
        return f"http://{LOOPBACK}:{self.port}"

    def command(self) -> list[str]:
        """What runs it."""
        return [sys.executable, "-m", self.name]

    def trouble(self, path: str = READINESS) -> str | None:
        """Why it is not ready, or does not serve another path; None when it does."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return str(error)
        finally:
            connection.close()
        return None if answer.status == http.client.OK else f"{answer.status} {body}"


def names(project: Path) -> list[str]:
    """Every package of the backend that can be run, the gateway last."""
    found = sorted(path.parent.name for path in (project / BACKEND).glob("*/__main__.py"))
    if not found:
        raise UserError(f"There is no service in {project / BACKEND}: a service is a package with a __main__.py.")
    return sorted(found, key=lambda name: name == GATEWAY)


def usual_ports(project: Path) -> dict[str, int | None]:
    """Each service's port: what its setting says, else the default in `.env.example`, else none."""
    known = {**env_file.defaults(project), **env_file.settings(project)}
    found = {name: _port(setting(name), known) for name in names(project)}
    for one, other in combinations(found, 2):
        if found[one] is not None and found[one] == found[other]:
            both = f"{setting(one)} and {setting(other)} are both {found[one]}"
            raise UserError(f"{both}; give each a port of its own in {env_file.LOCAL}.")
    return found


def setting(name: str) -> str:
    """The name of the setting that says where a service listens."""
    return f"{name.upper()}_PORT"


def asks(name: str, other: str) -> bool:
    """Whether a service needs the other one in order to be ready."""
    return name != other and (name == GATEWAY or other == JWKS_OWNER)


def place(project: Path, ports: Ports) -> list[Service]:
    """Each service on its usual port if that is free, else on any that is."""
    return [Service(name, ports.take(usual), usual) for name, usual in usual_ports(project).items()]


def environment(project: Path, services: list[Service], database_url: str, redis_url: str) -> dict[str, str]:
    """Our own environment with where everything is."""
    found = {**os.environ, "PYTHONPATH": str((project / BACKEND).resolve()), "PYTHONUNBUFFERED": "1"}
    found |= {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    for service in services:
        found |= {setting(service.name): str(service.port), f"{service.name.upper()}_URL": service.url}
        if service.name == JWKS_OWNER:
            found["JWKS_URL"] = f"{service.url}/.well-known/jwks.json"
    return found


def _port(name: str, known: dict[str, str]) -> int | None:
    value = known.get(name)
    if value is None:
        return None
    if not (value.isdecimal() and 0 < int(value) <= HIGHEST_PORT):
        place = "the environment" if name in os.environ else env_file.LOCAL
        raise UserError(f"{name} is not a port: set it to a number from 1 to {HIGHEST_PORT} in {place}.")
    return int(value)
