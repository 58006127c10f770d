"""Checks what is installed on the machine."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.compose import engine
from tasks.core.errors import UserError
from tasks.core.processes import output
from tasks.dev.storage import postgres_version, valkey_version
from tasks.project import env_file
from tasks.project.data_folder import FOLDER
from tasks.servers import postgres, privileges, valkey

DOCKER_USE = "optional: nox -s stack, nox -s images"


@dataclass(frozen=True)
class Finding:
    """What was found of a subject, and the remedy if something is wrong or missing."""

    subject: str
    found: str
    remedy: str = ""
    is_required: bool = False


def check(project: Path) -> list[Finding]:
    """Every finding, what is required first."""
    try:
        settings: Mapping[str, str] = env_file.settings(project)
    except UserError:
        # A broken .env.local is a finding of the project.
        settings = os.environ
    return [
        # The noxfile itself refuses one that is too old.
        Finding("Python", platform.python_version(), is_required=True),
        uv(),
        *([privilege()] if os.geteuid() == 0 else []),
        server("PostgreSQL", "DATABASE_URL", settings, postgres_version, postgres_program),
        server("Valkey", "REDIS_URL", settings, valkey_version, valkey.program),
        disk(project),
        folder(project),
        *file_system(project.resolve(), platform.release()),
        git(),
        docker(settings),
        Finding("node", output("node", "--version") or "missing (optional: nothing here needs it yet)"),
    ]


def uv() -> Finding:
    """The installer that nox uses, which comes with the pinned nox."""
    found = output("uv", "--version") or output(sys.executable, "-m", "uv", "--version")
    return Finding("uv", found or "missing", "" if found else "python3 noxfile.py -s doctor", is_required=True)


def privilege() -> Finding:
    """The program that runs servers without root privileges."""
    try:
        return Finding("not as root", f"servers run by {privileges.prefix()[0]}", is_required=True)
    except UserError as error:
        return Finding("not as root", "not possible", str(error), is_required=True)


def server(
    name: str, setting: str, settings: Mapping[str, str], version_at: Callable[[str], str], program: Callable[[], Path]
) -> Finding:
    """The server of a URL in the settings, or else the embedded one."""
    url = settings.get(setting)
    try:
        found = f"{version_at(url)} ({setting})" if url else output(program(), "--version")
    except UserError as error:
        return Finding(name, f"{setting} does not work" if url else "missing", str(error), is_required=True)
    if not found:
        return Finding(name, "does not run on this machine", f"set {setting} to a server", is_required=True)
    return Finding(name, found.partition(" sha=")[0], is_required=True)


def postgres_program() -> Path:
    """The `postgres` that the sessions start."""
    return postgres.program("postgres")


def disk(project: Path) -> Finding:
    """Free space for the development data."""
    data = project / FOLDER
    free = shutil.disk_usage(data if data.exists() else project).free
    remedy = "" if free >= postgres.ROOM_BYTES else f"free {postgres.ROOM_BYTES // 2**20} MB on the disk of {data}"
    return Finding("disk", f"{free / 2**30:.1f} GB free", remedy, is_required=True)


def folder(project: Path) -> Finding:
    """Write access to the folder of the development data."""
    data = project / FOLDER
    place = data if data.exists() else project
    if os.access(place, os.W_OK | os.X_OK):
        return Finding("project folder", f"{FOLDER} is writable", is_required=True)
    remedy = f"make {place} writable, or work in a copy of the project"
    return Finding("project folder", f"{FOLDER} is not writable", remedy, is_required=True)


def file_system(project: Path, kernel: str) -> list[Finding]:
    """A warning on WSL 2 if the project is on a drive of Windows."""
    if "microsoft" not in kernel.lower() or not re.match(r"/mnt/[a-z](/|$)", str(project)):
        return []
    remedy = "move the project to the Linux home folder, such as ~/projects"
    return [Finding("file system", f"{project} is on a Windows drive, which is slow in WSL 2", remedy)]


def git() -> Finding:
    """Git, for commits and `copier update`."""
    found = output("git", "--version")
    remedy = "https://git-scm.com/downloads, or: apt install git"
    return Finding("git", found or "missing (commits, copier update)", "" if found else remedy)


def docker(settings: Mapping[str, str]) -> Finding:
    """Docker Engine and Compose, which are optional."""
    if shutil.which("docker") is None:
        return Finding("docker", f"missing ({DOCKER_USE})")
    try:
        compose = engine.check_programs()
        version = engine.connect(settings).version()["Version"]
    except UserError as error:
        return Finding("docker", f"cannot be used ({DOCKER_USE})", str(error))
    return Finding("docker", f"Engine {version}, Compose {compose}")
