"""The frontend in `nox -s dev`: a server that reloads pages when their code changes."""

import sys
from collections.abc import Mapping
from pathlib import Path

from tasks.core.ports import LOOPBACK, Ports
from tasks.frontend import settings
from tasks.frontend.node import install
from tasks.project import env_file
from tasks.project.services import GATEWAY, Service, metrics_port, port_of

NAME = settings.NAME
# With this name, all browsers but Safari accept secure cookies without https.
HOST = "localhost"
# Its reload is Next's own.
IGNORED = "GET /health "
# What `npm run build` makes.
SERVER = ".next/standalone/server.js"
# As in the image.
FLAGS = ("--max-semi-space-size=2", "--heap-growing-percent=20")
PREPARE = [sys.executable, "-m", "tasks", "frontend.node"]


def load(project: Path, ports: Ports) -> Service:
    """The service, on its usual port if that is free."""
    usual = port_of(project, NAME)
    return service(ports.take(usual), usual, metrics_port(project, NAME, ports))


def service(port: int, usual_port: int | None = None, metrics: int | None = None) -> Service:
    """The service on a port."""
    return Service(NAME, port, usual_port, (GATEWAY,), HOST, "/health", metrics)


def command(
    project: Path, own: Service, environment: Mapping[str, str], *, is_built: bool
) -> tuple[list[str], dict[str, str], Path]:
    """The command line of the server, its environment beside that of the services, and the folder that it runs in."""
    node = install(project)
    known = {**env_file.settings(project), **environment}
    variables = node.environment | {name: known[name] for name in settings.names(project) if known.get(name)}
    if is_built:
        variables |= {"HOSTNAME": LOOPBACK, "PORT": str(own.port), "NODE_ENV": "production", "MALLOC_ARENA_MAX": "2"}
        return [str(node.programs / "node"), *FLAGS, SERVER], variables, node.folder
    return node.program("next", "dev", f"--hostname={LOOPBACK}", f"--port={own.port}"), variables, node.folder


def for_services(project: Path, own: Service) -> dict[str, str]:
    """Settings of the services, unless others are set: mail links to the frontend, which reports its clients."""
    found = {"PUBLIC_URL": f"http://{HOST}:{own.port}", "TRUSTED_PROXIES": "127.0.0.1/32"}
    return {name: text for name, text in found.items() if name not in env_file.settings(project)}
