"""Checks that the ports of the stack are free."""

from tasks.compose.compose_project import ComposeProject
from tasks.core.errors import UserError
from tasks.core.ports import is_free
from tasks.project import env_file
from tasks.project.data_folder import FOLDER, DataFolder


def check(place: ComposeProject) -> None:
    """UserError if something else uses a port that a service is to be published at."""
    ours = {port for _, found in place.containers() for container in found for port in _published(container.ports)}
    for service in place.services:
        for port in service.ports:
            if port.number not in ours and not is_free(port.number):
                raise UserError(
                    f"Port {port.number} of {service.name} is in use by {_user(place, port.number)}.\n"
                    f"Free it or {_remedy(place, port.number)}."
                )


def _published(ports: dict[str, list[dict[str, str]] | None]) -> list[int]:
    return [int(each["HostPort"]) for bound in ports.values() for each in bound or []]


def _remedy(place: ComposeProject, number: int) -> str:
    values = {**env_file.defaults(place.folder), **place.compose.settings}
    settings = [name for name, value in values.items() if name.endswith("_PORT") and value == str(number)]
    return f"set {settings[0]} in {env_file.LOCAL}" if settings else "change it in the Compose file"


def _user(place: ComposeProject, number: int) -> str:
    data = DataFolder(place.folder / FOLDER)
    dev = data.read("dev") if data.is_owned() else None
    if dev and number in [each["port"] for each in dev["services"].values()]:
        return f"`nox -s dev` of this project (PID {dev['pid']})"
    for container in place.client.containers.list(ignore_removed=True):
        if number in _published(container.ports):
            return f"the container {container.name}"
    return "another program"
