"""Checks what is installed on the machine."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tasks.compose import engine
from tasks.core.errors import UserError
from tasks.core.processes import output
from tasks.dev.storage import postgres_version, valkey_version
from tasks.project import env_file
from tasks.project.data_folder import FOLDER
from tasks.servers import postgres, valkey
from tasks.servers.server import unprivileged

DOCKER_USE = "optional: nox -s stack, nox -s images"


@dataclass(frozen=True)
class Status:
    """What was found about a subject, and the remedy if something is wrong or missing."""

    subject: str
    found: str
    remedy: str = ""
    is_required: bool = False


def check(project: Path) -> list[Status]:
    """Every status, required ones first."""
    try:
        settings: Mapping[str, str] = env_file.settings(project)
    except UserError:
        # A broken .env.local is reported by the checks of the project.
        settings = os.environ
    return [
        # The noxfile itself refuses one that is too old.
        Status("Python", platform.python_version(), is_required=True),
        Status("uv", output(sys.executable, "-m", "uv", "--version") or "missing", is_required=True),
        *([privilege()] if os.geteuid() == 0 else []),
        server("PostgreSQL", "DATABASE_URL", settings, postgres_version, partial(postgres.program, "postgres")),
        server("Valkey", "REDIS_URL", settings, valkey_version, valkey.program),
        *data_folder(project),
        *file_system(project.resolve(), platform.release()),
        git(),
        docker(settings),
        Status("node", output("node", "--version") or "missing (optional: nothing here needs it yet)"),
    ]


def privilege() -> Status:
    """The program that runs servers without root privileges."""
    try:
        return Status("unprivileged servers", f"with {unprivileged()[0]}", is_required=True)
    except UserError as error:
        return Status("unprivileged servers", "not possible", str(error), is_required=True)


def server(
    name: str, setting: str, settings: Mapping[str, str], version_at: Callable[[str], str], program: Callable[[], Path]
) -> Status:
    """The server of a URL in the settings, or else the embedded one."""
    url = settings.get(setting)
    try:
        found = f"{version_at(url)} ({setting})" if url else output(program(), "--version")
    except UserError as error:
        return Status(name, f"{setting} does not work" if url else "missing", str(error), is_required=True)
    if not found:
        return Status(name, "does not run on this machine", f"set {setting} to a server", is_required=True)
    return Status(name, found.partition(" sha=")[0], is_required=True)


def data_folder(project: Path) -> list[Status]:
    """Free space and write access for the development data."""
    data = project / FOLDER
    place = data if data.exists() else project
    free = shutil.disk_usage(place).free
    too_small = f"free {postgres.ROOM_BYTES // 2**20} MB on the disk of {data}"
    read_only = "" if os.access(place, os.W_OK | os.X_OK) else f"make {place} writable, or copy the project elsewhere"
    found = f"{FOLDER} is not writable" if read_only else f"{FOLDER} is writable"
    return [
        Status(
            "disk", f"{free / 2**30:.1f} GB free", too_small if free < postgres.ROOM_BYTES else "", is_required=True
        ),
        Status("project folder", found, read_only, is_required=True),
    ]


def file_system(project: Path, kernel: str) -> list[Status]:
    """A warning on WSL 2 if the project is on a drive of Windows."""
    if "microsoft" not in kernel.lower() or not re.match(r"/mnt/[a-z](/|$)", str(project)):
        return []
    remedy = "move the project to the Linux home folder, such as ~/projects"
    return [Status("file system", f"{project} is on a Windows drive, which is slow in WSL 2", remedy)]


def git() -> Status:
    """Git, for commits and `copier update`."""
    found = output("git", "--version")
    remedy = "https://git-scm.com/downloads, or: apt install git"
    return Status("git", found or "missing (commits, copier update)", "" if found else remedy)


def docker(settings: Mapping[str, str]) -> Status:
    """Docker Engine and Compose, which are optional."""
    if shutil.which("docker") is None:
        return Status("docker", f"missing ({DOCKER_USE})")
    try:
        compose = engine.check_programs()
        version = engine.connect(settings).version()["Version"]
    except UserError as error:
        return Status("docker", f"cannot be used ({DOCKER_USE})", str(error))
    return Status("docker", f"Engine {version}, Compose {compose}")
