"""Looks at the state of this copy of the project."""

import hashlib
from collections import Counter
from pathlib import Path

from tasks.core.errors import UserError
from tasks.core.ports import is_free
from tasks.doctor.finding import Finding, said
from tasks.project import env_file, setup
from tasks.project.data_folder import FOLDER, DataFolder
from tasks.project.services import usual_ports
from tasks.settings.wrong_values import wrong_values

SETUP = "nox -s setup"


def look(project: Path) -> list[Finding]:
    """Every finding."""
    return [settings(project), hooks(project), *ports(project), environments(project)]


def settings(project: Path) -> Finding:
    """Whether `.env.local` can be read, has every setting, and nothing that the application would refuse."""
    try:
        local = setup.local_file(project)
        exists = local.exists()
        missing = setup.lacking(project, env_file.values(local) if exists else {})
        doubts = _doubts(project, local) if exists else []
    except UserError as error:
        return Finding(env_file.LOCAL, "broken", str(error), is_required=True)
    if missing:
        return Finding(env_file.LOCAL, f"lacks {', '.join(missing)}" if exists else "missing", SETUP)
    return _refused(project) or Finding(
        env_file.LOCAL, "; ".join(doubts) or "complete", f"correct {env_file.LOCAL}" if doubts else ""
    )


def _refused(project: Path) -> Finding | None:
    """What the application would refuse, of the environment's too."""
    try:
        wrong = wrong_values(project)
    except UserError as error:
        return Finding(env_file.LOCAL, "cannot be checked", str(error))
    if not wrong:
        return None
    return Finding(env_file.LOCAL, f"wrong: {', '.join(wrong)}", "\n".join(wrong.values()), is_required=True)


def _doubts(project: Path, local: Path) -> list[str]:
    """What is probably a mistake, though it can be read."""
    names = Counter(binding.key for binding in env_file.bindings(local) if binding.key is not None)
    known = {**env_file.required(project), **env_file.defaults(project)}
    unknown = [name for name in names if name not in known]
    twice = [name for name, times in names.items() if times > 1]
    return [
        *([f"not in {env_file.EXAMPLE}: {', '.join(unknown)}"] if unknown else []),
        *([f"given twice: {', '.join(twice)}"] if twice else []),
    ]


def hooks(project: Path) -> Finding:
    """Whether git runs the checks before a commit."""
    path = said("git", "-C", str(project), "rev-parse", "--git-path", "hooks/pre-commit")
    if path is None:
        return Finding("git hooks", "not a git repository", f"git init && {SETUP}")
    installed = (project / path).exists()
    return Finding("git hooks", "installed" if installed else "missing", "" if installed else SETUP)


def ports(project: Path) -> list[Finding]:
    """Whether the usual ports are free; `dev` takes others if not."""
    running = DataFolder(project / FOLDER).read("dev") if DataFolder(project / FOLDER).is_owned() else None
    if running:
        return [Finding("dev", f"runs: {running['url']} (process {running['pid']})")]
    try:
        usual = usual_ports(project)
    except UserError as error:
        return [Finding("ports", "not known", str(error), is_required=True)]
    taken = [f"{port} ({name})" for name, port in usual.items() if port and not is_free(port)]
    found = f"taken: {', '.join(taken)}; dev will choose others" if taken else "free"
    return [Finding(f"ports {', '.join(str(port) for port in usual.values())}", found)]


def environments(project: Path) -> Finding:
    """Whether the sessions' environments hold what the lock files say; the next use of each sees to that."""
    locked = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (project / "requirements").glob("*.txt")}
    stamps = list((project / ".nox").glob("*/requirements.sha256"))
    stale = [path.parent.name for path in stamps if path.read_text() not in locked]
    found = f"behind the lock files: {', '.join(stale)}" if stale else f"{len(stamps)} as locked"
    return Finding("environments", found, " && ".join(f"nox -s {name} --install-only" for name in stale))
