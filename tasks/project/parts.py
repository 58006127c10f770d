"""The optional parts of a project: the folders and files of each, and the parts that it needs."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

TASKS = Path(__file__).parent.parent


@dataclass(frozen=True)
class Part:
    """A part, which a project has if it has the first of the paths that the part `owns`."""

    name: str
    owns: tuple[str, ...]
    needs: tuple[str, ...] = ()


# The question `parts` of copier.yml offers these, and its `_exclude` has their paths.
PARTS = (
    Part("frontend", ("src/frontend", "tasks/frontend")),
    Part("monitoring", ("infra/monitoring", "docs/runbooks", "tasks/monitoring")),
)


def present(project: Path) -> list[Part]:
    """The parts that the project has."""
    return [part for part in PARTS if (project / part.owns[0]).is_dir()]


def hooks(project: Path, name: str) -> list[ModuleType]:
    """The modules `tasks.<part>.<name>` of the project's parts that have one."""
    found = [part.name for part in present(project) if (TASKS / part.name / f"{name}.py").exists()]
    return [import_module(f"tasks.{part}.{name}") for part in found]
