"""Sees before the start whether the ports are free that the stack is to be reached at."""

from pathlib import Path

from docker import DockerClient

from tasks.compose import containers
from tasks.compose.plan import Plan, Port, Service
from tasks.core.errors import UserError
from tasks.core.ports import is_free
from tasks.project import env_file
from tasks.project.data_folder import FOLDER, DataFolder

TAKEN = ("address already in use", "port is already allocated")


def check(project: Path, client: DockerClient, plan: Plan) -> None:
    """A UserError that names the first port that is taken, its setting, and who has it where that is known."""
    ours = {port for each in containers.of_project(client, plan.name) for port in each.published}
    for service in plan.services:
        for port in service.ports:
            if port.number not in ours and not is_free(port.number):
                raise UserError(_words(project, client, service, port))


def explain(project: Path, client: DockerClient, plan: Plan, said: str) -> str | None:
    """The same of a port that the engine could not take, if that is what Compose complains of."""
    if not any(sign in said for sign in TAKEN):
        return None
    for service in plan.services:
        for port in service.ports:
            if f":{port.number}" in said:
                return _words(project, client, service, port)
    return None


def _words(project: Path, client: DockerClient, service: Service, port: Port) -> str:
    holder = _dev(project, port.number) or _container(client, port.number) or "another program"
    way = f"set {port.setting} to another one in {env_file.LOCAL}" if port.setting else "change it in compose.yaml"
    return f"Port {port.number}, at which {service.name} is to be reached, is taken by {holder}.\nEnd that, or {way}."


def _dev(project: Path, port: int) -> str | None:
    """The `dev` of this project, if one of its services has the port."""
    data = DataFolder(project / FOLDER)
    running = data.read("dev") if data.is_owned() else None
    if running and port in [each["port"] for each in running["services"].values()]:
        return f"`nox -s dev` of this project (process {running['pid']})"
    return None


def _container(client: DockerClient, port: int) -> str | None:
    for container in client.containers.list():
        if any(int(each["HostPort"]) == port for found in container.ports.values() for each in found or []):
            return f"the container {container.name}"
    return None
