"""The images that the Compose files build, as the engine has them."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from docker.errors import ImageNotFound

from tasks.stack.workplace import Workplace
from tasks.trouble import Trouble

# The build argument that names the base: PYTHON_IMAGE and the like.
BASE_ARGUMENT = "_IMAGE"


@dataclass(frozen=True)
class Image:
    """An image, the services that it is for, and the image that it is built on, if that is known."""

    name: str
    services: tuple[str, ...]
    base: str | None
    attributes: dict[str, Any]

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


def images(place: Workplace) -> list[Image]:
    """Each image once, though several services may run it; a Trouble when one is not built yet."""
    found: dict[str, Image] = {}
    for service in place.plan.services:
        if service.build is not None:
            image = _image(place, service.name, service.image, service.build)
            same = found.get(image.id)
            found[image.id] = _joined(same, image) if same else image
    return list(found.values())


def alike(place: Workplace) -> list[list[str]]:
    """The services whose images are built, those together that are built in the same way."""
    groups: dict[str, list[str]] = {}
    for service in place.plan.services:
        if service.build is not None:
            groups.setdefault(json.dumps(service.build, sort_keys=True), []).append(service.name)
    return list(groups.values())


def base_size(place: Workplace, base: str) -> int:
    """The bytes of a base image, which Buildx may not have left with the engine; a Trouble when it cannot be had."""
    try:
        return _size(place, base)
    except ImageNotFound:
        done = subprocess.run(
            ["docker", "pull", "--quiet", base], env=place.compose.settings, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise Trouble(f"The base image {base} cannot be had, to compare sizes with: {said}") from None
        return _size(place, base)


def _size(place: Workplace, name: str) -> int:
    return int(place.client.images.get(name).attrs["Size"])


def _image(place: Workplace, service: str, name: str, build: dict[str, Any]) -> Image:
    try:
        attributes = place.client.images.get(name).attrs
    except ImageNotFound:
        raise Trouble(f"There is no image {name} yet; build it: nox -s images -- build") from None
    bases = [value for argument, value in (build.get("args") or {}).items() if argument.endswith(BASE_ARGUMENT)]
    return Image(name, (service,), bases[0] if bases else None, attributes)


def _joined(one: Image, other: Image) -> Image:
    return Image(one.name, (*one.services, *other.services), one.base, one.attributes)
