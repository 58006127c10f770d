"""Pushes the built images to a registry and writes their digests, which are what is signed and deployed."""

import os
import re
from pathlib import Path

from docker import DockerClient

from tasks.compose import compose_project, images
from tasks.compose.engine import engine_errors
from tasks.core.errors import UserError

CHECKSUMS = Path(".data/images/checksums.txt")
LOCK = re.compile(r"requirements/([\w-]+)\.txt")
# The form of each setting, and an example.
SETTINGS = {
    "IMAGES": (r"(?i)[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+", "ghcr.io/acme/my-app"),
    "VERSION": (r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "the commit's hash"),
}


def main() -> None:
    """Push every image as IMAGES/SERVICE:VERSION and write their checksums into .data/images/.

    checksums.txt has all of them, checksums-LOCK.txt those of images that install requirements/LOCK.txt.
    """
    with engine_errors():
        publish(Path.cwd(), _setting("IMAGES").lower(), _setting("VERSION"))


def publish(project: Path, registry: str, version: str) -> None:
    """Push the images; write checksums only if all were pushed."""
    place = compose_project.load(project)
    lines: dict[Path, list[str]] = {CHECKSUMS: []}
    for old in CHECKSUMS.parent.glob("checksums*.txt"):
        old.unlink()
    for image in images.built(place):
        name = f"{registry}/{image.services[0]}"
        place.client.images.get(image.id).tag(name, version)
        digest = push(place.client, name, version)
        print(f"{name}:{version} is {digest}", flush=True)
        for file in [CHECKSUMS, *(CHECKSUMS.with_stem(f"checksums-{lock}") for lock in locks(image.dockerfile))]:
            lines.setdefault(file, []).append(f"{digest.removeprefix('sha256:')}  {name}\n")
    CHECKSUMS.parent.mkdir(parents=True, exist_ok=True)
    for file, texts in lines.items():
        file.write_text("".join(texts), encoding="utf-8")


def locks(dockerfile: Path) -> list[str]:
    """The names of the locks that a Dockerfile installs, of which npm's is `npm`."""
    text = dockerfile.read_text(encoding="utf-8") if dockerfile.is_file() else ""
    return sorted({*LOCK.findall(text), *(["npm"] if "package-lock.json" in text else [])})


def push(client: DockerClient, name: str, version: str) -> str:
    """Push one image; returns its digest in the registry."""
    digest = ""
    for line in client.images.push(name, tag=version, stream=True, decode=True):
        if "error" in line:
            raise UserError(f"Cannot push {name}:{version}: {line['error']}\nLog in to its registry: docker login")
        digest = line.get("aux", {}).get("Digest", digest)
    if not digest:
        raise UserError(f"The registry reported no digest of {name}:{version}, so it cannot be signed.")
    return digest


def _setting(name: str) -> str:
    value, (form, example) = os.environ.get(name, ""), SETTINGS[name]
    if not re.fullmatch(form, value):
        raise UserError(f"{name} is {value!r}; set it to something like {example}.")
    return value
