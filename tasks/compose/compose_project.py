"""A project as Compose defines it, with the engine that runs it."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from docker import DockerClient
from docker.errors import NotFound
from docker.models.containers import Container

from tasks.compose import engine
from tasks.compose.compose import Compose, ComposeService, read
from tasks.core.errors import UserError
from tasks.project import env_file, setup
from tasks.project.services import compose_files

PROJECT_LABEL = "com.docker.compose.project"
FOLDER_LABEL = f"{PROJECT_LABEL}.working_dir"
FILES_LABEL = f"{PROJECT_LABEL}.config_files"
SERVICE_LABEL = "com.docker.compose.service"
VOLUME_LABEL = "com.docker.compose.volume"
# Variables for what containers mount: in a devcontainer, they are paths on the host.
SECRETS_SETTING = "SECRETS_FOLDER"
FOLDER_SETTING = "PROJECT_FOLDER"
MOUNTS = Path("/proc/self/mountinfo")
# Docker mounts these files of a container from a folder with the container's ID.
CONTAINER_ID = re.compile(r"/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf) /etc/")


@dataclass(frozen=True)
class ComposeProject:
    """A project with its engine and its services, and the container of the engine that this process runs in, if any."""

    folder: Path
    client: DockerClient
    compose: Compose
    name: str
    services: list[ComposeService]
    volumes: dict[str, dict[str, Any]]
    container: Container | None

    @property
    def host_folder(self) -> str:
        """The project's folder on the host of the engine."""
        return host_path(self.folder, self.container.attrs["Mounts"]) if self.container else str(self.folder)

    @property
    def label(self) -> str:
        """The label of all that Compose creates for the project."""
        return f"{PROJECT_LABEL}={self.name}"

    @property
    def is_local(self) -> bool:
        """Whether published ports are ports of this machine, rather than of the host of a container."""
        return self.container is None and self.client.api.base_url.startswith("http+docker://")

    def check_names(self, names: list[str]) -> None:
        """UserError if one of the names is not a service, which Compose does not always report."""
        known = [service.name for service in self.services]
        if unknown := [name for name in names if name not in known]:
            raise UserError(f"Unknown service: {', '.join(unknown)}. The services are: {', '.join(known)}.")

    def containers(self) -> list[tuple[ComposeService, list[Container]]]:
        """The services with their containers, including stopped ones."""
        labels = [self.label, "com.docker.compose.oneoff=False"]
        found = self.client.containers.list(all=True, ignore_removed=True, filters={"label": labels})
        return [
            (service, [each for each in found if each.labels[SERVICE_LABEL] == service.name])
            for service in self.services
        ]


def ensure_settings(project: Path) -> None:
    """Write the settings that are missing, as `setup` does."""
    if done := setup.complete(project):
        print(done, flush=True)


def load(project: Path, *overlays: Path) -> ComposeProject:
    """The project, with its engine; UserError if they cannot be used, or the containers are of another folder."""
    engine.check_programs()
    settings = env_file.settings(project)
    client = engine.connect(settings)
    container = own_container(client)
    for name, folder in {SECRETS_SETTING: project / setup.SECRETS, FOLDER_SETTING: project}.items():
        if container is not None and name not in settings:
            settings[name] = host_path(folder, container.attrs["Mounts"])
    compose = Compose(project, settings, overlays)
    place = ComposeProject(project, client, compose, *read(compose), container)
    _check_folder(place)
    return place


def load_running(project: Path) -> ComposeProject:
    """The project with the overlays that its containers were started with."""
    place = load(project)
    found = place.client.containers.list(all=True, ignore_removed=True, filters={"label": place.label})
    files = {Path(path) for container in found for path in container.labels[FILES_LABEL].split(",")}
    overlays = sorted(path for path in files - {*compose_files(project)} if path.exists())
    return load(project, *overlays) if overlays else place


def _check_folder(place: ComposeProject) -> None:
    """UserError if the containers, or else the volumes, with the project's name are those of another folder.

    A devcontainer and its host have different paths for a folder; secrets are mounted from the host's.
    """
    found = [container for _, containers in place.containers() for container in containers]
    volumes = place.client.volumes.list(filters={"label": [place.label, FOLDER_LABEL]})
    # Without the folder, the project was moved to this one.
    owners = [path for volume in volumes if not _is_gone(path := volume.attrs["Labels"][FOLDER_LABEL])]
    starts = [os.path.realpath(container.labels[FOLDER_LABEL]) for container in found] or owners
    mounts = [mount["Source"] for container in found for mount in container.attrs["Mounts"]]
    if starts and not any(Path(path).is_relative_to(place.host_folder) for path in (*starts, *mounts)):
        what, remedy = "volumes", "delete the data there: nox -s stack -- down --volumes"
        if found:
            what = "containers"
            remedy = f"remove them and keep their data: docker compose --project-name {place.name} down"
        raise UserError(
            f"The {what} of {place.name} were created in another folder: {starts[0]}.\n"
            f"Use another name here, with COMPOSE_PROJECT_NAME=... in {env_file.LOCAL}; or {remedy}"
        )


def _is_gone(folder: str) -> bool:
    """Whether there is no such folder, rather than one of another user."""
    try:
        Path(folder).stat()
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return False


def create_volumes(place: ComposeProject) -> None:
    """Create the missing volumes that have no options, with the label of the folder, which Compose does not set."""
    known = {volume.name for volume in place.client.volumes.list()}
    for name, volume in place.volumes.items():
        if volume.keys() == {"name"} and volume["name"] not in known:
            labels = {PROJECT_LABEL: place.name, VOLUME_LABEL: name, FOLDER_LABEL: place.host_folder}
            place.client.volumes.create(volume["name"], labels=labels)


def own_container(client: DockerClient) -> Container | None:
    """The container that this process runs in, if the engine runs it."""
    found = CONTAINER_ID.search(MOUNTS.read_text(encoding="utf-8")) if MOUNTS.exists() else None
    with suppress(NotFound):
        return client.containers.get(found[1]) if found else None
    return None


def host_path(folder: Path, mounts: list[dict[str, Any]]) -> str:
    """The path on the host of a folder in a container with these mounts; UserError if it is not mounted."""
    path = PurePosixPath(folder.resolve())
    fitting = [mount for mount in mounts if path.is_relative_to(mount["Destination"])]
    if not fitting:
        raise UserError(
            f"The Docker Engine cannot mount {folder}: it is not on the host.\n"
            "Open the devcontainer on a folder of the host, or on a volume."
        )
    mount = max(fitting, key=lambda each: len(each["Destination"]))
    return str(PurePosixPath(mount["Source"]) / path.relative_to(mount["Destination"]))
