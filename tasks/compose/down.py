"""`down`: end the application, with or without its data."""

import subprocess
import sys
from pathlib import Path

from docker import DockerClient

from tasks.compose import compose_project, containers, devcontainer
from tasks.compose.compose import DEBUGGING
from tasks.core.errors import UserError


def down(project: Path, *, with_volumes: bool, is_sure: bool) -> None:
    """Stop and remove the containers and networks; the volumes too, if asked for and sure."""
    place = compose_project.load(project, with_debugger=(project / DEBUGGING).exists())
    volumes = _volumes(place.client, place.plan.name)
    if with_volumes and volumes and not is_sure:
        _ask(volumes)
    if place.container is not None:
        devcontainer.leave(place.client, place.container, project, place.plan)
    call = ["down", *(["--volumes"] if with_volumes else [])]
    done = subprocess.run(place.compose.command(*call), cwd=project, env=place.compose.settings, check=False)
    if done.returncode != 0:
        raise UserError(
            "docker compose says above why not everything has ended; nox -s stack -- status shows what is left."
        )
    sys.stdout.write(f"{_ended(volumes, gone=with_volumes)}\n")


def _volumes(client: DockerClient, project: str) -> list[str]:
    found = client.volumes.list(filters={"label": f"{containers.PROJECT}={project}"})
    return sorted(str(each.name) for each in found)


def _ask(volumes: list[str]) -> None:
    sure = f"Their data would be lost: {', '.join(volumes)}."
    if not sys.stdin.isatty():
        raise UserError(f"{sure} To have that: nox -s stack -- down --volumes --yes")
    sys.stdout.write(f"{sure} Type yes to have that: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip() != "yes":
        raise UserError("Nothing has changed.")


def _ended(volumes: list[str], *, gone: bool) -> str:
    if not volumes:
        return "Everything has ended."
    kept = "is deleted too" if gone else "stays for the next `up`"
    return f"Everything has ended; the data {kept}: {', '.join(volumes)}."
