"""Gathers what every command on a stack needs: the engine, Compose, the plan."""

from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient
from docker.models.containers import Container

from tasks.compose import devcontainer, engine, plan, programs
from tasks.compose.compose import Compose
from tasks.compose.plan import Plan
from tasks.project import env_file, secret_files, setup

SECRETS_SETTING = "SECRETS_FOLDER"


@dataclass(frozen=True)
class ComposeProject:
    """A project, the engine that runs it, what is to run, and the container of the engine that we are in, if any."""

    project: Path
    client: DockerClient
    compose: Compose
    plan: Plan
    is_local: bool
    container: Container | None


def ensure_settings(project: Path) -> None:
    """Have the settings that containers are given, as `setup` makes them; tells what was lacking."""
    if said := setup.complete(project):
        print(said, flush=True)


def load(project: Path, *, with_debugger: bool = False) -> ComposeProject:
    """Everything looked at and good, else a UserError."""
    programs.check()
    settings = env_file.settings(project)
    client = engine.connect(settings)
    container = devcontainer.own_container(client)
    if container is not None and SECRETS_SETTING not in settings:
        settings[SECRETS_SETTING] = devcontainer.on_the_host(project / secret_files.FOLDER, container.attrs["Mounts"])
    compose = Compose(project, settings, with_debugger)
    # Ports of an engine elsewhere, and of the host around a container, cannot be tried from here.
    is_local = container is None and client.api.base_url.startswith("http+docker://")
    return ComposeProject(project, client, compose, plan.read(compose), is_local, container)
