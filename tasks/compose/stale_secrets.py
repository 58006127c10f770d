"""Handles secrets that differ from those that volumes and running containers were created with."""

from datetime import datetime
from pathlib import Path

from docker.models.containers import Container

from tasks.compose.compose_project import ComposeProject
from tasks.core.errors import UserError
from tasks.project import env_file, setup

# PostgreSQL keeps the password that its volume was created with; Redis reads its own at each start.
DATABASE_FILE = "database_password"
VOLUME_LABEL = "com.docker.compose.volume=postgres"
REFUSED = "password authentication failed for user"
INCOMPATIBLE = "database files are incompatible with server"
START = "docker compose up --wait postgres"


def complete(place: ComposeProject) -> None:
    """Write the missing secrets, as `setup` does; UserError, and no file, if a volume needs the old password."""
    if DATABASE_FILE in setup.absent_secrets(place.folder) and (volume := _volume(place)):
        file = f"{setup.SECRETS}/{DATABASE_FILE}"
        raise UserError(f"{file} is missing. Nothing was written or started.\n{_password_advice(volume)}")
    for done in setup.complete_secrets(place.folder):
        print(done, flush=True)


def remove_readers(place: ComposeProject) -> None:
    """Remove containers that started before one of their secrets changed: Compose would leave them running."""
    stale = [
        service.name
        for service, found in place.containers()
        if any(_is_stale(container, place.folder, service.secrets) for container in found)
    ]
    if stale:
        print(f"A secret has changed; replacing the containers that read it: {', '.join(stale)}", flush=True)
        place.compose.output("rm", "--stop", "--force", *stale)


def advice(place: ComposeProject, log: str) -> str:
    """What to do, if the log of a service shows that the database's volume does not fit."""
    if REFUSED in log and (volume := _volume(place)):
        return f"{_password_advice(volume)}\n"
    if INCOMPATIBLE in log and (volume := _volume(place)):
        return (
            f"The volume {volume} holds the data of another version of PostgreSQL.\n"
            "To save them, restore that version in compose.images.yaml, then: "
            f"{START}; docker compose exec -T postgres pg_dump --username=app app >app.sql\n"
            "Then delete the volume, with the new version: nox -s stack -- down --volumes --yes\n"
            f"Then load them: {START}; docker compose exec -T postgres psql --username=app app <app.sql\n"
        )
    return ""


def _password_advice(volume: str) -> str:
    return (
        f"The volume {volume} needs the password that it was created with.\n"
        f"Restore the old {setup.SECRETS}; or delete the data: nox -s stack -- down --volumes --yes; "
        f"or use another volume: COMPOSE_PROJECT_NAME=... in {env_file.LOCAL}."
    )


def _volume(place: ComposeProject) -> str | None:
    """The volume of the database, if it exists."""
    found = place.client.volumes.list(filters={"label": [place.label, VOLUME_LABEL]})
    return str(found[0].name) if found else None


def _is_stale(container: Container, project: Path, secrets: list[str]) -> bool:
    """Compares with the time of the inode's change, which is new for an old file that was restored."""
    files = [project / setup.SECRETS / name for name in secrets]
    changed = max((file.stat().st_ctime for file in files if file.exists()), default=0.0)
    started = datetime.fromisoformat(container.attrs["State"]["StartedAt"])
    return started.year > 1 and started.timestamp() < changed
