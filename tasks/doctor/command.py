"""The command behind `nox -s doctor`."""

import argparse
import os
import platform
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.text import Text

from tasks.compose import engine
from tasks.core.environments import STAMP, is_exact
from tasks.core.errors import UserError
from tasks.core.ports import is_free
from tasks.core.processes import output
from tasks.core.screen import MARKS, print_table
from tasks.database.jobs import dead_letters
from tasks.database.operations import connect
from tasks.dev.storage import postgres_version, valkey_version
from tasks.project import env_file, parts, setup
from tasks.project.data_folder import FOLDER, DataFolder
from tasks.project.services import usual_ports
from tasks.servers import postgres, valkey
from tasks.servers.server import unprivileged
from tasks.settings.wrong_values import wrong_values

DOCKER_USE = "optional: nox -s stack, nox -s images"
SETUP = "nox -s setup"
GET_GIT = "https://git-scm.com/downloads, or: apt install git"
# Variables of Compose and its files, which are no settings of the application.
OTHERS = ("COMPOSE_", "DOCKER_", "PIP_", "REGISTRY")


@dataclass(frozen=True)
class Status:
    """What was found about a subject, and the remedy if something is wrong or missing."""

    subject: str
    found: str
    remedy: str = ""
    is_required: bool = False

    @property
    def mark(self) -> Text:
        """The mark of its row."""
        if not self.remedy:
            return Text(*MARKS["ready"])
        return Text(*MARKS["failed"]) if self.is_required else Text("!", "yellow")


def main() -> str | None:
    """Check this machine and project; fails only if something required is missing."""
    argparse.ArgumentParser(prog="nox -s doctor", description=main.__doc__).parse_args()
    project = Path.cwd()
    own = [settings(project), hooks(project), ports(project), *jobs(project), environments(project)]
    statuses = [*check_machine(project), *own]
    rows = [(status.mark, status.subject, status.found, status.remedy) for status in statuses]
    print_table(["", "what", "found", "what to do"], rows)
    failed = [status.subject for status in statuses if status.remedy and status.is_required]
    return f"The application cannot run until this is fixed: {', '.join(failed)}." if failed else None


def check_machine(project: Path) -> list[Status]:
    """What is installed on the machine, required programs first."""
    try:
        settings: Mapping[str, str] = env_file.settings(project)
    except UserError:
        # A broken .env.local is reported by the check of the settings.
        settings = os.environ
    git = output("git", "--version")
    return [
        # The noxfile itself refuses one that is too old.
        Status("Python", platform.python_version(), is_required=True),
        Status("uv", output(sys.executable, "-m", "uv", "--version") or "missing", is_required=True),
        *([privilege()] if os.geteuid() == 0 else []),
        server("PostgreSQL", "DATABASE_URL", settings, postgres_version, partial(postgres.program, "postgres")),
        server("Valkey", "REDIS_URL", settings, valkey_version, valkey.program),
        *data_folder(project),
        *file_system(project.resolve(), platform.release()),
        Status("git", git or "missing (commits, updates)", "" if git else GET_GIT),
        docker(settings),
        *(Status(*row) for part in parts.hooks(project, "doctor") for row in part.rows(project)),
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
    advice = f"free {postgres.ROOM_BYTES // 2**20} MB on the disk of {data}" if free < postgres.ROOM_BYTES else ""
    read_only = "" if os.access(place, os.W_OK | os.X_OK) else f"make {place} writable, or copy the project elsewhere"
    found = f"{FOLDER} is not writable" if read_only else f"{FOLDER} is writable"
    return [
        Status("disk", f"{free / 2**30:.1f} GB free", advice, is_required=True),
        Status("project folder", found, read_only, is_required=True),
    ]


def file_system(project: Path, kernel: str) -> list[Status]:
    """A warning on WSL 2 if the project is on a drive of Windows."""
    if "microsoft" not in kernel.lower() or not re.match(r"/mnt/[a-z](/|$)", str(project)):
        return []
    remedy = "move the project to the Linux home folder, such as ~/projects"
    return [Status("file system", f"{project} is on a Windows drive, which is slow in WSL 2", remedy)]


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


def settings(project: Path) -> Status:
    """Whether `.env.local` is readable and complete, and the application accepts the values."""
    try:
        local = setup.local_file(project)
        exists = local.exists()
        missing = setup.lacking(project, env_file.values(local) if exists else {})
        doubts = _doubts(project, local) if exists else ""
    except UserError as error:
        return Status(env_file.LOCAL, "broken", str(error), is_required=True)
    if missing:
        return Status(env_file.LOCAL, f"lacks {', '.join(missing)}" if exists else "missing", SETUP)
    try:
        wrong = wrong_values(project)
    except UserError as error:
        return Status(env_file.LOCAL, "cannot be checked", str(error))
    if wrong:
        return Status(env_file.LOCAL, f"wrong: {', '.join(wrong)}", "\n".join(wrong.values()), is_required=True)
    return Status(env_file.LOCAL, doubts or "complete", f"correct {env_file.LOCAL}" if doubts else "")


def _doubts(project: Path, local: Path) -> str:
    """Names that are unknown or set twice, which are probably mistakes."""
    names = Counter(binding.key for binding in env_file.bindings(local) if binding.key is not None)
    known = {**env_file.required(project), **env_file.defaults(project)}
    doubts = {
        f"not in {env_file.EXAMPLE}": [name for name in names if name not in known and not name.startswith(OTHERS)],
        "set twice": [name for name, times in names.items() if times > 1],
    }
    return "; ".join(f"{reason}: {', '.join(found)}" for reason, found in doubts.items() if found)


def hooks(project: Path) -> Status:
    """Whether git runs the checks before a commit."""
    if obstacle := setup.hooks_obstacle(project):
        return Status("git hooks", "none", obstacle)
    hook = setup.hook_file(project)
    if not hook.is_file():
        return Status("git hooks", "missing", SETUP)
    # Setup no longer writes the path of one worktree, which may be gone.
    is_old = setup.HOOK_PYTHON.search(hook.read_text(errors="replace")) is not None
    return Status("git hooks", "out of date" if is_old else "installed", SETUP if is_old else "")


def ports(project: Path) -> Status:
    """Whether `dev` runs, or else its usual ports are free."""
    data = DataFolder(project / FOLDER)
    if data.is_owned() and (running := data.read("dev")):
        return Status("dev", f"running: {running['url']} (PID {running['pid']})")
    try:
        usual = usual_ports(project)
    except UserError as error:
        return Status("ports", "unknown", str(error), is_required=True)
    taken = [f"{port} ({name})" for name, port in usual.items() if port and not is_free(port)]
    found = f"in use: {', '.join(taken)}; dev will use others" if taken else "free"
    return Status(f"ports {', '.join(map(str, usual.values()))}", found)


def jobs(project: Path) -> list[Status]:
    """The dead letters of background jobs, if the database runs."""
    data = DataFolder(project / FOLDER)
    try:
        servers = data.read("servers") if data.is_owned() else None
        url = env_file.settings(project).get("DATABASE_URL") or (servers and servers["database_url"])
        if not url:
            return []
        with connect(url) as connection:
            number = dead_letters(connection)
    except UserError:
        # Other checks report it.
        return []
    return [Status("dead letters", f"{number:,}", "nox -s jobs" if number else "")]


def environments(project: Path) -> Status:
    """Whether environments are where they were made, and have exactly the packages of the lock files."""
    found = [*(project / ".nox").glob(f"*/{STAMP}"), *project.glob(f".venv/{STAMP}")]
    stale = [path.parent.name for path in found if not is_exact(path.parent)]
    if not stale:
        return Status("environments", f"{len(found)} up to date")
    remedies = ["nox -s editor" if name == ".venv" else f"nox -N --install-only -s {name}" for name in stale]
    return Status("environments", f"stale: {', '.join(stale)}", " && ".join(remedies))
