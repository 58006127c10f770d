"""Handles secrets that differ from those that volumes and running containers were created with."""

import tarfile
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path

from docker.errors import NotFound
from docker.models.containers import Container

from tasks.compose.compose_project import ComposeProject
from tasks.core.errors import UserError
from tasks.project import env_file, setup

# PostgreSQL keeps the password that its volume was created with; Redis reads its own at each start.
DATABASE_FILE = "database_password"
VOLUME_LABEL = "com.docker.compose.volume=postgres"
REFUSED = "password authentication failed for user"
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


def readers(place: ComposeProject, secrets: list[str]) -> list[tuple[str, Container]]:
    """The containers of services that started before one of these secrets changed, with the names of the services."""
    return [
        (service.name, container)
        for service, found in place.containers()
        if not service.is_task and (own := [name for name in service.secrets if name in secrets])
        for container in found
        if _is_stale(container, place.folder, own)
    ]


def replace_readers(place: ComposeProject, secrets: list[str], timeout: int) -> None:
    """Replace these containers one by one: each stops when a new one beside it is ready."""
    for service, old in readers(place, secrets):
        print(f"Replacing {old.name}.", flush=True)
        before = _containers(place, service)
        options = ("--detach", "--no-deps", "--no-build", "--no-recreate", "--wait", f"--wait-timeout={timeout}")
        try:
            place.compose.run("up", *options, f"--scale={service}={len(before) + 1}", service)
        except (UserError, KeyboardInterrupt):
            for new in set(_containers(place, service)) - set(before):
                new.remove(force=True)
            raise
        old.stop()
        old.remove()


def _containers(place: ComposeProject, service: str) -> list[Container]:
    return next(found for each, found in place.containers() if each.name == service)


def advice(place: ComposeProject, container: Container, log: str) -> str:
    """What to do, if a container shows that the database's volume does not fit."""
    volume, (data, server) = _volume(place), _versions(container)
    if volume and REFUSED in log:
        return f"{_password_advice(volume)}\n"
    if volume and data != server:
        return (
            f"The volume {volume} holds data of PostgreSQL {data}, which version {server} cannot read.\n"
            f"To save the data, restore version {data} in compose.images.yaml, then: "
            f"{START}; docker compose exec -T postgres pg_dump --username=app app >app.sql\n"
            f"Then set version {server} again and delete the volume: nox -s stack -- down --volumes --yes\n"
            f"Then load the data: {START}; docker compose exec -T postgres psql --username=app app <app.sql\n"
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


def _versions(container: Container) -> tuple[str, str]:
    """The major versions of PostgreSQL's data and of its server; equal for any other container."""
    variables = dict(each.split("=", 1) for each in container.attrs["Config"]["Env"] or ())
    with suppress(KeyError, NotFound):
        chunks, _ = container.get_archive(f"{variables['PGDATA']}/PG_VERSION")
        with tarfile.open(fileobj=BytesIO(b"".join(chunks))) as archive:
            file = archive.extractfile("PG_VERSION")
            return (file.read().decode().strip() if file else ""), variables["PG_MAJOR"]
    return "", ""


def _is_stale(container: Container, project: Path, secrets: list[str]) -> bool:
    """Compares with the time of the inode's change, which is new for an old file that was restored."""
    files = [project / setup.SECRETS / name for name in secrets]
    changed = max((file.stat().st_ctime for file in files if file.exists()), default=0.0)
    started = datetime.fromisoformat(container.attrs["State"]["StartedAt"])
    return started.year > 1 and started.timestamp() < changed
