"""What is different where we are in a container ourselves, which uses the Docker Engine of its host.

What Compose mounts, the engine looks for on the host, where the project lies in another folder than here. What Compose
publishes, the host has on its loopback address, which is not ours.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Any

from docker import DockerClient
from docker.errors import NotFound
from docker.models.containers import Container
from docker.models.networks import Network

from tasks.compose import containers, port_forward
from tasks.compose.plan import Plan
from tasks.compose.port_forward import PortForward
from tasks.core.errors import UserError

MOUNTS = Path("/proc/self/mountinfo")
# Docker mounts these files from a folder of its own that has the container's ID for a name.
OWN = re.compile(r"/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf) /etc/")


def own_container(client: DockerClient) -> Container | None:
    """The container of this engine that we are in; None when we are in none."""
    found = OWN.search(MOUNTS.read_text(encoding="utf-8")) if MOUNTS.exists() else None
    if found is None:
        return None
    try:
        return client.containers.get(found[1])
    except NotFound:
        return None


def join(client: DockerClient, container: Container, project: Path, plan: Plan) -> None:
    """Have what the stack publishes at the same ports of the container that we are in."""
    port_forward.end(project)
    for network in _networks(client, plan):
        if network.name not in container.attrs["NetworkSettings"]["Networks"]:
            network.connect(container)
    ways = [PortForward(port.number, each.name, port.target) for each in plan.services for port in each.ports]
    port_forward.start(project, ways)


def leave(client: DockerClient, container: Container, project: Path, plan: Plan) -> None:
    """Undo `join`, so that the network can be removed."""
    port_forward.end(project)
    for network in _networks(client, plan):
        if network.name in container.attrs["NetworkSettings"]["Networks"]:
            network.disconnect(container)


def _networks(client: DockerClient, plan: Plan) -> list[Network]:
    """Those of the stack in which something can be reached from outside."""
    found = client.networks.list(filters={"label": f"{containers.PROJECT}={plan.name}"})
    return [network for network in found if not network.attrs["Internal"]]


def on_the_host(folder: Path, mounts: list[dict[str, Any]]) -> str:
    """What the host calls this folder; a UserError when it does not have it."""
    path = PurePosixPath(folder.resolve())
    fitting = [mount for mount in mounts if path.is_relative_to(mount["Destination"])]
    if not fitting:
        raise UserError(
            f"{folder} is not on the host, whose Docker Engine is to mount it.\n"
            "Open the devcontainer on a folder of the host, or on a volume."
        )
    mount = max(fitting, key=lambda each: len(each["Destination"]))
    return str(PurePosixPath(mount["Source"]) / path.relative_to(mount["Destination"]))
