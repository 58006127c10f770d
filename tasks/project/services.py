"""The services of the application: names, ports, dependencies, environment, Compose files."""

import http.client
import os
import re
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from tasks.core.errors import UserError
from tasks.core.ports import LOOPBACK, Ports
from tasks.project import env_file, parts

BACKEND = Path("src/backend")
GATEWAY = "gateway"
JWKS_OWNER = "auth"
READINESS = "/health/detailed"
HIGHEST_PORT = 65535
COMPOSE_FILE = "compose.yaml"
# Where a part of the application may have a Compose file of its own.
PARTS = ("src/*", "src/backend/*", "infra/*")
# The settings with the passwords of services in the database.
PASSWORD_SETTING = re.compile(r"[A-Z]\w*_DATABASE_PASSWORD")
# The password in a URL: behind the user, or as a parameter.
PASSWORD = re.compile(r"(?<=[^/]):[^@/]*(?=@)|(?<=[?&])password=[^&]*&?")


@dataclass(frozen=True)
class Service:
    """A service that listens on `port`; its settings name `usual_port`, and it is ready after those it depends on."""

    name: str
    port: int
    usual_port: int | None = None
    depends_on: tuple[str, ...] = ()
    host: str = LOOPBACK
    health: str = READINESS
    metrics_port: int | None = None

    @property
    def url(self) -> str:
        """Its URL on this machine."""
        return f"http://{self.host}:{self.port}"

    @property
    def metrics_url(self) -> str:
        """The URL of its metrics; a service that clients reach has a port of its own for them."""
        return f"http://{LOOPBACK}:{self.metrics_port or self.port}/metrics"

    def unready_reason(self) -> str | None:
        """Why it is not ready; None when it is."""
        try:
            with closing(http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)) as connection:
                connection.request("GET", self.health)
                answer = connection.getresponse()
                body = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return str(error)
        reasons = re.findall(r'"reason": ?"((?:[^"\\]|\\.)*)"', body)
        return None if answer.status == http.client.OK else "; ".join(reasons) or f"{answer.status} {body}"


def names(project: Path) -> list[str]:
    """Every package of the backend with a `__main__.py`, the gateway last."""
    found = sorted(path.parent.name for path in (project / BACKEND).glob("*/__main__.py"))
    if not found:
        raise UserError(f"{project / BACKEND} has no service. A service is a package with a __main__.py.")
    return sorted(found, key=lambda name: name == GATEWAY)


def routed_names(project: Path) -> set[str]:
    """The services that the gateway routes to: those with a URL in `.env.example`."""
    known = env_file.required(project) | env_file.defaults(project)
    return {name for name in names(project) if name != GATEWAY and f"{name.upper()}_URL" in known}


def usual_ports(project: Path) -> dict[str, int | None]:
    """The port of each service, and of parts: from its setting, else from the default in `.env.example`, else None."""
    others = [part.NAME for part in parts.hooks(project, "dev")]
    found = {name: port_of(project, name) for name in (*names(project), *others)}
    for one, other in combinations(found, 2):
        if found[one] and found[one] == found[other]:
            raise UserError(
                f"{setting(one)} and {setting(other)} are both {found[one]}. Change one in {env_file.LOCAL}."
            )
    return found


def port_of(project: Path, name: str) -> int | None:
    """The port in a service's setting, else the default in `.env.example`, else None."""
    return _port(setting(name), {**env_file.defaults(project), **env_file.settings(project)})


def setting(name: str) -> str:
    """The name of the setting with a service's port."""
    return f"{name.upper()}_PORT"


def metrics_setting(name: str) -> str:
    """The name of the setting with the port of a service's metrics."""
    return setting(f"{name}_METRICS")


def load(project: Path, ports: Ports) -> list[Service]:
    """All services, and those of parts, each on its usual port if that is free, else on any free port.

    The gateway depends on those that it routes to, and these depend on the service with the keys that verify tokens.
    """
    usual, routed = usual_ports(project), routed_names(project)
    found = []
    for name in names(project):
        needed = routed if name == GATEWAY else {JWKS_OWNER} - {name} if name in routed else set()
        depends_on = tuple(other for other in usual if other in needed)
        metrics = metrics_port(project, name, ports)
        found.append(Service(name, ports.take(usual[name]), usual[name], depends_on, metrics_port=metrics))
    return found + [part.load(project, ports) for part in parts.hooks(project, "dev")]


def metrics_port(project: Path, name: str, ports: Ports) -> int | None:
    """A free port for the metrics of a service that has a setting for it."""
    return ports.take() if metrics_setting(name) in env_file.defaults(project) else None


def environment(project: Path, services: list[Service], database_url: str, redis_url: str) -> dict[str, str]:
    """This process's environment for services, with the addresses of services and servers.

    A service has a role and password of its own in the database, and no need of the owner's.
    """
    found = {**os.environ, "PYTHONPATH": str((project / BACKEND).resolve()), "PYTHONUNBUFFERED": "1"}
    found |= {"DATABASE_URL": PASSWORD.sub("", database_url), "REDIS_URL": redis_url}
    for service in services:
        found |= {setting(service.name): str(service.port), f"{service.name.upper()}_URL": service.url}
        if service.metrics_port:
            found[metrics_setting(service.name)] = str(service.metrics_port)
        if service.name == JWKS_OWNER:
            found["JWKS_URL"] = f"{service.url}/.well-known/jwks.json"
    for part in parts.hooks(project, "dev"):
        for service in services:
            found |= part.for_services(project, service) if service.name == part.NAME else {}
    return found


def compose_files(project: Path) -> list[Path]:
    """The project's Compose file and those of its parts; paths in all of them are relative to the project."""
    parts = [path for part in PARTS for path in sorted(project.glob(f"{part}/{COMPOSE_FILE}"))]
    return [project / COMPOSE_FILE, *parts]


def _port(name: str, known: dict[str, str]) -> int | None:
    value = known.get(name)
    if value is None:
        return None
    if not (value.isdecimal() and 0 < int(value) <= HIGHEST_PORT):
        source = "the environment" if name in os.environ else env_file.LOCAL
        raise UserError(f"{name} is not a port. Set it to a number from 1 to {HIGHEST_PORT} in {source}.")
    return int(value)
