"""Builds the images of a project and describes the built ones."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import ImageNotFound

from tasks.compose.compose import ComposeService, builds
from tasks.compose.compose_project import ComposeProject
from tasks.core import processes
from tasks.core.errors import UserError

# The suffix of the build argument that names the base image: PYTHON_IMAGE and the like.
BASE_ARGUMENT = "_IMAGE"


@dataclass(frozen=True)
class BuiltImage:
    """An image, the services that run it or an equal one, and the base image that it contains, if known.

    `size` is in bytes; `configuration` has user, entry point, labels and the like.
    """

    name: str
    services: tuple[str, ...]
    dockerfile: Path
    base: str | None
    id: str
    size: int
    configuration: dict[str, Any]

    @property
    def title(self) -> str:
        """The names of its services."""
        return ", ".join(self.services)


def build(place: ComposeProject, *, is_release: bool = False) -> None:
    """Build all images.

    Only a release has its version in labels: they would make a new image, and `up` a new container, for each commit.
    """
    known = version(place.folder) if is_release else {}
    place.compose.run("build", *(f"--build-arg={name}={value}" for name, value in known.items()))


def version(project: Path) -> dict[str, str]:
    """The build arguments for the images' labels that git knows; empty without a repository."""
    url = processes.output("git", "remote", "get-url", "origin", cwd=project) or ""
    scheme, separator, rest = url.partition("://")
    if scheme in {"http", "https"}:
        # It may hold a token.
        url = f"{scheme}{separator}{rest.rpartition('@')[2]}"
    revision = ("git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")
    found = {
        "REVISION": processes.output(*revision, cwd=project),
        "VERSION": processes.output("git", "describe", "--always", "--tags", "--dirty", cwd=project),
        "SOURCE": url,
    }
    return {name: value for name, value in found.items() if value}


def built(place: ComposeProject) -> list[BuiltImage]:
    """Each image once, though several services may run an equal one; UserError if one is not built."""
    return [_image(place, services) for services in builds(place.services)]


def base_size(place: ComposeProject, base: str) -> int:
    """The bytes of a base image, which is pulled if only Buildx has it."""
    with suppress(ImageNotFound):
        return int(place.client.images.get(base).attrs["Size"])
    done = processes.run(["docker", "pull", "--quiet", base], env=place.compose.settings)
    if done.returncode != 0:
        reason = processes.last_line(done.stderr)
        raise UserError(f"Cannot pull the base image {base}, which sizes are compared with: {reason}")
    return int(place.client.images.get(base).attrs["Size"])


def _image(place: ComposeProject, services: list[ComposeService]) -> BuiltImage:
    first = services[0]
    try:
        attributes = place.client.images.get(first.image).attrs
    except ImageNotFound:
        raise UserError(f"The image {first.image} is not built: nox -s images -- build") from None
    arguments: dict[str, str] = first.build.get("args") or {}
    bases = [value for argument, value in arguments.items() if argument.endswith(BASE_ARGUMENT)]
    dockerfile = Path(first.build.get("context", ""), first.build.get("dockerfile", "Dockerfile"))
    names = tuple(service.name for service in services)
    found = (attributes["Id"], attributes["Size"], attributes["Config"])
    return BuiltImage(first.image, names, dockerfile, bases[0] if bases else None, *found)
