"""Looks at what is installed on the machine."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from tasks.compose import engine, programs
from tasks.core.errors import UserError
from tasks.dev.storage import postgres_version, valkey_version
from tasks.doctor.finding import Finding, said
from tasks.project import env_file
from tasks.project.data_folder import FOLDER
from tasks.servers import postgres, privileges, valkey

OLDEST_PYTHON = (3, 11)


def look(project: Path) -> list[Finding]:
    """Every finding, what is required first."""
    settings = known(project)
    return [
        python(),
        uv(),
        *([rights()] if os.geteuid() == 0 else []),
        database(settings.get("DATABASE_URL")),
        redis(settings.get("REDIS_URL")),
        room(project),
        folder(project),
        tool("git", "commits, and copier update", "https://git-scm.com/downloads, or: apt install git"),
        docker(settings),
        tool("node", "optional: nothing here needs it yet"),
    ]


def known(project: Path) -> Mapping[str, str]:
    """The settings that hold; without those of `.env.local` if it is broken, which is a finding of its own."""
    try:
        return env_file.settings(project)
    except UserError:
        return os.environ


def python() -> Finding:
    """The Python that runs the sessions."""
    fits = sys.version_info >= OLDEST_PYTHON
    remedy = "" if fits else f"install Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer"
    return Finding("Python", platform.python_version(), remedy, is_required=True)


def uv() -> Finding:
    """The installer that nox uses; the pinned nox brings it."""
    found = said("uv", "--version") or said(sys.executable, "-m", "uv", "--version")
    return Finding("uv", found or "missing", "" if found else "python3 noxfile.py -s doctor", is_required=True)


def rights() -> Finding:
    """The way to run servers without root's rights."""
    try:
        return Finding("not as root", f"servers run by {privileges.prefix()[0]}", is_required=True)
    except UserError as error:
        return Finding("not as root", "not possible", str(error), is_required=True)


def database(url: str | None) -> Finding:
    """The PostgreSQL that the sessions use."""
    if url:
        return _answering("PostgreSQL", "DATABASE_URL", lambda: postgres_version(url))
    try:
        program = postgres.program("postgres")
    except UserError as error:
        return Finding("PostgreSQL", "missing", str(error), is_required=True)
    return _running("PostgreSQL", program, "set POSTGRES_BIN or DATABASE_URL")


def redis(url: str | None) -> Finding:
    """The Valkey that the sessions use."""
    if url:
        return _answering("Valkey", "REDIS_URL", lambda: valkey_version(url))
    try:
        program = valkey.program()
    except UserError as error:
        return Finding("Valkey", "missing", str(error), is_required=True)
    finding = _running("Valkey", program, "install valkey-server, or set REDIS_URL")
    return replace(finding, found=finding.found.partition(" sha=")[0])


def room(project: Path) -> Finding:
    """The disk that development data goes to."""
    folder = project / FOLDER
    free = shutil.disk_usage(folder if folder.exists() else project).free
    enough = free >= postgres.ROOM_BYTES
    remedy = "" if enough else f"free {postgres.ROOM_BYTES // 2**20} MB on the disk of {folder}"
    return Finding("disk", f"{free / 2**30:.1f} GB free", remedy, is_required=True)


def folder(project: Path) -> Finding:
    """Whether development data can be kept."""
    data = project / FOLDER
    place = data if data.exists() else project
    writable = os.access(place, os.W_OK | os.X_OK)
    found = f"{FOLDER} can{'' if writable else 'not'} be written"
    remedy = "" if writable else f"make {place} writable, or work in a copy of the project"
    return Finding("project folder", found, remedy, is_required=True)


def docker(settings: Mapping[str, str]) -> Finding:
    """The Docker that `stack` and `images` use, which not everybody needs."""
    if shutil.which("docker") is None:
        return Finding("docker", "missing (optional: nox -s stack, nox -s images)")
    try:
        compose = programs.check()
        version = engine.connect(settings).version()["Version"]
    except UserError as error:
        return Finding("docker", "cannot be used (optional: nox -s stack, nox -s images)", str(error))
    return Finding("docker", f"Engine {version}, Compose {compose}")


def tool(name: str, use: str, remedy: str = "") -> Finding:
    """A program that not everybody needs."""
    found = said(name, "--version")
    return Finding(name, found or f"missing ({use})", "" if found else remedy)


def _running(subject: str, program: Path, remedy: str) -> Finding:
    version = said(str(program), "--version")
    found = version or f"{program} does not run here"
    return Finding(subject, found, "" if version else remedy, is_required=True)


def _answering(subject: str, setting: str, version: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, f"{version()}, as {setting} says", is_required=True)
    except UserError as error:
        return Finding(subject, f"{setting} leads nowhere", str(error), is_required=True)
