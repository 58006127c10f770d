"""Sessions that bring the application to an environment."""

import sys

import nox


@nox.session(default=False, python=False)
def deploy(session: nox.Session) -> None:
    """Bring what was built to an environment (-- staging, -- production); there is none yet, and it says so."""
    session.run(sys.executable, "-m", "tasks.deployment", "deploy", *session.posargs, external=True)


@nox.session(default=False, python=False)
def rollback(session: nox.Session) -> None:
    """Bring back what an environment ran before (-- staging, -- production); there is none yet, and it says so."""
    session.run(sys.executable, "-m", "tasks.deployment", "rollback", *session.posargs, external=True)
