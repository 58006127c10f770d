"""Checks the published ports of a stack, and forwards them in the devcontainer.

Compose publishes ports on the loopback address of the host. In the devcontainer, which uses the host's engine, they are
forwarded to its own, so that URLs, debuggers and editors work as on the host: docs/decisions/0017.
"""

import shutil
import subprocess
from contextlib import suppress

import psutil
from docker.models.networks import Network

from tasks.compose.compose_project import ComposeProject
from tasks.core.errors import UserError
from tasks.core.ports import LOOPBACK, is_free
from tasks.project import env_file
from tasks.project.data_folder import FOLDER, DataFolder

FORWARDER = "socat"
STOP_SECONDS = 5.0


def check(place: ComposeProject) -> None:
    """UserError if something else uses a port that a service is to be published at."""
    ours = {port for _, found in place.containers() for container in found for port in _published(container.ports)}
    for service in place.services:
        for port in service.ports:
            if port.number not in ours and not is_free(port.number):
                values = {**env_file.defaults(place.folder), **place.compose.settings}
                names = [name for name in values if name.endswith("_PORT") and values[name] == str(port.number)]
                remedy = f"set {names[0]} in {env_file.LOCAL}" if names else "change it in the Compose file"
                user = _user(place, port.number)
                raise UserError(f"Port {port.number} of {service.name} is in use by {user}.\nFree it or {remedy}.")


def _user(place: ComposeProject, number: int) -> str:
    data = DataFolder(place.folder / FOLDER)
    dev = data.read("dev") if data.is_owned() else None
    if dev and number in [each["port"] for each in dev["services"].values()]:
        return f"`nox -s dev` of this project (PID {dev['pid']})"
    containers = place.client.containers.list(ignore_removed=True)
    names = [container.name for container in containers if number in _published(container.ports)]
    return f"the container {names[0]}" if names else "another program"


def _published(ports: dict[str, list[dict[str, str]] | None]) -> list[int]:
    return [int(each["HostPort"]) for bound in ports.values() for each in bound or []]


def forward(place: ComposeProject) -> None:
    """In the devcontainer, join the networks of the stack and forward its ports."""
    if place.container is None:
        return
    stop_forwarding(place)
    if shutil.which(FORWARDER) is None:
        raise UserError(f"The services run, but cannot be reached from here. Install {FORWARDER}, then run this again.")
    for network in _networks(place):
        network.connect(place.container)
    nothing = subprocess.DEVNULL
    for command in _forwards(place):
        subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)


def stop_forwarding(place: ComposeProject) -> None:
    """Undo `forward`: Compose cannot remove a network with another member."""
    if place.container is None:
        return
    commands = _forwards(place)
    found = [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"] in commands]
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(found, STOP_SECONDS)
    for network in _networks(place):
        if place.container.id in (network.attrs["Containers"] or {}):
            network.disconnect(place.container)


def _networks(place: ComposeProject) -> list[Network]:
    """The networks with published ports."""
    found = place.client.networks.list(filters={"label": place.label}, greedy=True)
    return [network for network in found if not network.attrs["Internal"]]


def _forwards(place: ComposeProject) -> list[list[str]]:
    """The command that forwards a port, for each port."""
    return [
        [FORWARDER, f"TCP-LISTEN:{port.number},bind={LOOPBACK},fork,reuseaddr", f"TCP:{service.name}:{port.target}"]
        for service in place.services
        for port in service.ports
    ]
