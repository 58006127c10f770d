"""Pushes the built images to a registry, and writes down their digests, which are what is signed and deployed."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docker import DockerClient
from docker.errors import DockerException

from tasks.compose import built_images, compose_project
from tasks.core.errors import UserError

PLACE, VERSION = "IMAGES", "VERSION"
CHECKSUMS = Path(".data/images/checksums.txt")
# Which locks an image has, as its Dockerfile says.
LOCK = re.compile(r"requirements/([\w-]+)\.txt")
EXAMPLES = {PLACE: "ghcr.io/acme/my-app", VERSION: "the commit's hash"}
FORMS = {PLACE: r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+", VERSION: r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"}


def main() -> None:
    """Push every image as IMAGES/SERVICE:VERSION, and write its checksum with its name into .data/images/.

    checksums.txt has all of them, checksums-LOCK.txt those whose images have what requirements/LOCK.txt lists.
    """
    try:
        publish(Path.cwd(), _given(PLACE).lower(), _given(VERSION))
    except UserError as error:
        sys.exit(str(error))
    except DockerException as error:
        sys.exit(f"The Docker Engine failed: {error}\nSee: nox -s doctor")


def publish(project: Path, place: str, version: str) -> None:
    """Push the images, and only when all have arrived write down what they are."""
    here = compose_project.load(project)
    lines: dict[Path, list[str]] = {CHECKSUMS: []}
    for old in CHECKSUMS.parent.glob("checksums*.txt"):
        old.unlink()
    for image in built_images.images(here):
        name = f"{place}/{image.services[0]}"
        here.client.images.get(image.id).tag(name, version)
        digest = push(here.client, name, version)
        print(f"{name}:{version} is {digest}", flush=True)
        for file in [CHECKSUMS, *(CHECKSUMS.with_stem(f"checksums-{lock}") for lock in locks(image.dockerfile))]:
            lines.setdefault(file, []).append(f"{digest.removeprefix('sha256:')}  {name}\n")
    CHECKSUMS.parent.mkdir(parents=True, exist_ok=True)
    for file, texts in lines.items():
        file.write_text("".join(texts), encoding="utf-8")


def locks(dockerfile: Path) -> list[str]:
    """The locks whose packages a Dockerfile installs, each once."""
    return sorted(set(LOCK.findall(dockerfile.read_text(encoding="utf-8")))) if dockerfile.is_file() else []


def push(client: DockerClient, name: str, version: str) -> str:
    """Push one image; returns the digest by which the registry knows it."""
    digests = [line["aux"]["Digest"] for line in _progress(client, name, version) if "Digest" in line.get("aux", {})]
    if not digests:
        raise UserError(f"The registry took {name}:{version} without saying its digest; nothing can be signed.")
    return str(digests[-1])


def _progress(client: DockerClient, name: str, version: str) -> Iterator[dict[str, Any]]:
    for line in client.images.push(name, tag=version, stream=True, decode=True):
        if "error" in line:
            raise UserError(f"Cannot push {name}:{version}: {line['error']}\nLog in to its registry: docker login")
        yield line


def _given(variable: str) -> str:
    value = os.environ.get(variable, "")
    wanted = value.lower() if variable == PLACE else value
    if not re.fullmatch(FORMS[variable], wanted):
        raise UserError(f"{variable} is {value!r}; it has to be like {EXAMPLES[variable]}.")
    return value


if __name__ == "__main__":
    main()
