"""Sessions for a project that grows; the same for the toolkit as for a project."""

import sys

import nox
from nox import virtualenv


@nox.session(default=False, python=False)
def lock(session: nox.Session) -> None:
    """Write requirements/*.txt from the dependency groups (-- --upgrade, --upgrade-package NAME)."""
    session.run(sys.executable, "-m", "tasks.project.locks", *session.posargs, env={"UV": virtualenv.UV}, external=True)
