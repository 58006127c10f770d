"""Sees whether the secrets fit what is there from before: the volumes, and the containers that run."""

from pathlib import Path

from docker import DockerClient

from tasks.compose import containers
from tasks.compose.compose_project import ComposeProject
from tasks.compose.containers import Container
from tasks.core.errors import UserError
from tasks.core.screen import Screen
from tasks.project import env_file, secret_files

VOLUME = "com.docker.compose.volume"
# The secret that is in force from when the volume was made, whatever its file says later; Redis reads its own anew.
PASSWORD, KEEPER = "database_password", "postgres"
# PostgreSQL's words, wherever they are quoted, to a wrong password and to what another version has left.
REFUSED = "password authentication failed for user"
INCOMPATIBLE = "database files are incompatible with server"
START = "docker compose up --wait postgres"
SAVE = f"{START}; docker compose exec -T postgres pg_dump --username=app app >app.sql"
LOAD = f"{START}; docker compose exec -T postgres psql --username=app app <app.sql"


def complete(place: ComposeProject) -> None:
    """Write the secrets that are lacking, as `setup` does; a UserError, and no file, where a volume has its old one."""
    volume = volume_of_password(place.client, place.plan.name)
    if volume and PASSWORD in secret_files.absent(place.project):
        file = f"{secret_files.FOLDER}/{PASSWORD}"
        raise UserError(f"{file} is missing; nothing was written or started.\n{advice(volume)}")
    for said in secret_files.complete(place.project):
        print(said, flush=True)


def advice(volume: str) -> str:
    """What to do where the volume does not know the password."""
    return (
        f"The volume {volume}, of this folder or another of the same name, keeps the password that it began with.\n"
        f"Put the old {secret_files.FOLDER} back; or delete the data: nox -s stack -- down --volumes --yes; "
        f"or use a volume of another name: COMPOSE_PROJECT_NAME=... in {env_file.LOCAL}."
    )


def advice_on_version(volume: str) -> str:
    """What to do where the volume has what another PostgreSQL wrote."""
    return (
        f"The volume {volume} holds the data of another version of PostgreSQL.\n"
        f"To save it, with that version back in compose.images.yaml: {SAVE}\n"
        f"To load it, with the new version: {LOAD}\n"
        "Before that, or to do without them: nox -s stack -- down --volumes --yes"
    )


def volume_of_password(client: DockerClient, project: str) -> str | None:
    """The volume that keeps the database's password, if the project has it already."""
    labels = [f"{containers.PROJECT}={project}", f"{VOLUME}={KEEPER}"]
    found = client.volumes.list(filters={"label": labels})
    return str(found[0].name) if found else None


def remove_readers(place: ComposeProject, screen: Screen) -> None:
    """Take away the containers that started before a secret of theirs changed: Compose would leave them as they are."""
    secrets = {each.name: each.secrets for each in place.plan.services}
    found = containers.of_project(place.client, place.plan.name)
    old = sorted({each.service for each in found if _is_older(each, place.project, secrets.get(each.service, ()))})
    if old:
        screen.print(f"A secret has changed; replacing what has the old one: {', '.join(old)}")
        place.compose.output("rm", "--stop", "--force", *old)


def _is_older(container: Container, project: Path, secrets: tuple[str, ...]) -> bool:
    """The time of change, unlike that of writing, is new also for an old file that was put back."""
    changed = [_changed(project / secret_files.FOLDER / name) for name in secrets]
    started = container.started
    return started is not None and started.timestamp() < max(changed, default=0.0)


def _changed(file: Path) -> float:
    try:
        return file.stat().st_ctime
    except OSError:
        return 0.0
