"""The images that the Compose files build, as the engine has them."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import ImageNotFound

from tasks.compose.compose_project import ComposeProject
from tasks.compose.plan import Service
from tasks.core.errors import UserError

# The build argument that names the base: PYTHON_IMAGE and the like.
BASE_ARGUMENT = "_IMAGE"


@dataclass(frozen=True)
class Image:
    """An image, the services that it is for, what it is built by, and the image that it is built on, if known."""

    name: str
    services: tuple[str, ...]
    dockerfile: Path
    base: str | None
    attributes: dict[str, Any]

    @property
    def title(self) -> str:
        """Its services, for people."""
        return ", ".join(self.services)

    @property
    def id(self) -> str:
        """What the engine calls it, whatever its name."""
        return str(self.attributes["Id"])

    @property
    def size(self) -> int:
        """Its bytes, those of its base included."""
        return int(self.attributes["Size"])

    @property
    def configuration(self) -> dict[str, Any]:
        """User, entry point, labels and the like."""
        return dict(self.attributes["Config"])


def alike(place: ComposeProject) -> list[list[Service]]:
    """The services whose images are built, those together that are built in the same way."""
    groups: dict[str, list[Service]] = {}
    for service in place.plan.services:
        if service.build is not None:
            groups.setdefault(json.dumps(service.build, sort_keys=True), []).append(service)
    return list(groups.values())


def images(place: ComposeProject) -> list[Image]:
    """Each image once, though several services may run its like; a UserError when one is not built yet."""
    return [_image(place, services) for services in alike(place)]


def base_size(place: ComposeProject, base: str) -> int:
    """The bytes of a base image, which Buildx may not have left with the engine; a UserError when it cannot be had."""
    try:
        return _size(place, base)
    except ImageNotFound:
        done = subprocess.run(
            ["docker", "pull", "--quiet", base], env=place.compose.settings, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise UserError(f"The base image {base} cannot be had, to compare sizes with: {said}") from None
        return _size(place, base)


def _size(place: ComposeProject, name: str) -> int:
    return int(place.client.images.get(name).attrs["Size"])


def _image(place: ComposeProject, services: list[Service]) -> Image:
    first = services[0]
    try:
        attributes = place.client.images.get(first.image).attrs
    except ImageNotFound:
        raise UserError(f"There is no image {first.image} yet; build it: nox -s images -- build") from None
    build = first.build or {}
    arguments = (build.get("args") or {}).items()
    bases = [value for argument, value in arguments if argument.endswith(BASE_ARGUMENT)]
    names = tuple(service.name for service in services)
    dockerfile = Path(build.get("context", ""), build.get("dockerfile", "Dockerfile"))
    return Image(first.image, names, dockerfile, bases[0] if bases else None, attributes)
