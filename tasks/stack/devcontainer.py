"""Finds the host's name for a folder of ours when we are in a container that uses the host's Docker Engine.

What Compose mounts, the engine looks for on the host, where the project lies in another folder than here.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Any

from docker import DockerClient
from docker.errors import NotFound

from tasks.trouble import Trouble

MOUNTS = Path("/proc/self/mountinfo")
# Docker mounts these files from a folder of its own that has the container's ID for a name.
OWN = re.compile(r"/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf) /etc/")


def own_mounts(client: DockerClient) -> list[dict[str, Any]] | None:
    """The mounts of the container of this engine that we are in; None when we are in none."""
    found = OWN.search(MOUNTS.read_text(encoding="utf-8")) if MOUNTS.exists() else None
    if found is None:
        return None
    try:
        return list(client.api.inspect_container(found[1])["Mounts"])
    except NotFound:
        return None


def on_the_host(folder: Path, mounts: list[dict[str, Any]]) -> str:
    """What the host calls this folder; a Trouble when it does not have it."""
    path = PurePosixPath(folder.resolve())
    fitting = [mount for mount in mounts if path.is_relative_to(mount["Destination"])]
    if not fitting:
        raise Trouble(
            f"{folder} is not on the host, whose Docker Engine is to mount it.\n"
            "Open the devcontainer on a folder of the host, or on a volume."
        )
    mount = max(fitting, key=lambda each: len(each["Destination"]))
    return str(PurePosixPath(mount["Source"]) / path.relative_to(mount["Destination"]))
