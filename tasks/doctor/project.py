"""Checks the state of this copy of the project."""

from collections import Counter
from pathlib import Path

from tasks.core.environments import STAMP, digest
from tasks.core.errors import UserError
from tasks.core.ports import is_free
from tasks.core.processes import output
from tasks.doctor.machine import Status
from tasks.project import env_file, setup
from tasks.project.data_folder import FOLDER, DataFolder
from tasks.project.services import usual_ports
from tasks.settings.wrong_values import wrong_values

SETUP = "nox -s setup"


def check(project: Path) -> list[Status]:
    """Every status."""
    return [settings(project), hooks(project), ports(project), environments(project)]


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
        f"not in {env_file.EXAMPLE}": [name for name in names if name not in known],
        "set twice": [name for name, times in names.items() if times > 1],
    }
    return "; ".join(f"{reason}: {', '.join(found)}" for reason, found in doubts.items() if found)


def hooks(project: Path) -> Status:
    """Whether git runs the checks before a commit."""
    path = output("git", "-C", project, "rev-parse", "--git-path", "hooks/pre-commit")
    if path is None:
        return Status("git hooks", "not a git repository", f"git init && {SETUP}")
    installed = (project / path).exists()
    return Status("git hooks", "installed" if installed else "missing", "" if installed else SETUP)


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


def environments(project: Path) -> Status:
    """Whether the sessions' environments match the lock files; a stale one is updated at its next use."""
    locked = {digest(path) for path in (project / "requirements").glob("*.txt")}
    stamps = list((project / ".nox").glob(f"*/{STAMP}"))
    stale = [path.parent.name for path in stamps if path.read_text() not in locked]
    found = f"stale: {', '.join(stale)}" if stale else f"{len(stamps)} up to date"
    return Status("environments", found, " && ".join(f"nox -s {name} --install-only" for name in stale))
