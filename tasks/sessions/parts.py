"""The sessions of the optional parts that a project has."""

from pathlib import Path

import nox
from nox import registry

from tasks.project.parts import hooks

hooks(Path(), "sessions")


@nox.session(
    default=False,
    venv_backend="none",
    requires=[name for name, each in registry.get().items() if "part" in each.tags],
)
def parts(_session: nox.Session) -> None:
    """Check the optional parts of the project; passes if it has none."""
