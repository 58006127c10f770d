"""Makes a stack reachable in the devcontainer, which uses the Docker Engine of its host.

Compose publishes ports on the loopback address of the host. They are forwarded to that of the devcontainer, so that
URLs, debuggers and the editor's port forwarding work as on the host: docs/decisions/0017.
"""

import shutil
import subprocess
from contextlib import suppress

import psutil
from docker.models.networks import Network

from tasks.compose.compose_project import ComposeProject
from tasks.core.errors import UserError
from tasks.core.ports import LOOPBACK

FORWARDER = "socat"
STOP_SECONDS = 5.0


def join(place: ComposeProject) -> None:
    """Join the networks of the stack and forward its ports."""
    _stop_forwarding(place)
    for network in _networks(place):
        if place.container and not _is_member(place, network):
            network.connect(place.container)
    if shutil.which(FORWARDER) is None:
        raise UserError(f"The services run, but cannot be reached from here. Install {FORWARDER}, then run this again.")
    for command in _forwards(place):
        nothing = subprocess.DEVNULL
        subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)


def leave(place: ComposeProject) -> None:
    """Undo `join`: Compose cannot remove a network with a member."""
    _stop_forwarding(place)
    for network in _networks(place):
        if place.container and _is_member(place, network):
            network.disconnect(place.container)


def _networks(place: ComposeProject) -> list[Network]:
    """The networks with published ports."""
    found = place.client.networks.list(filters={"label": place.label})
    return [network for network in found if not network.attrs["Internal"]]


def _is_member(place: ComposeProject, network: Network) -> bool:
    return place.container is not None and network.name in place.container.attrs["NetworkSettings"]["Networks"]


def _forwards(place: ComposeProject) -> list[list[str]]:
    """The command that forwards a port, for each port."""
    return [
        [FORWARDER, f"TCP-LISTEN:{port.number},bind={LOOPBACK},fork,reuseaddr", f"TCP:{service.name}:{port.target}"]
        for service in place.services
        for port in service.ports
    ]


def _stop_forwarding(place: ComposeProject) -> None:
    commands = _forwards(place)
    found = [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"] in commands]
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(found, STOP_SECONDS)
