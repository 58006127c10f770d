"""Sessions for a project that grows."""

import nox

from tasks.core.environments import install


@nox.session(default=False)
def update(session: nox.Session) -> None:
    """Update this project to the newest version of Slipway, with the same answers (-- --check)."""
    install(session, "update")
    session.run("python", "-m", "tasks", "project.update", *session.posargs)
