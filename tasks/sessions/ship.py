"""Sessions that bring the application to an environment."""

import sys

import nox

from tasks.environment import install


@nox.session(default=False, python=False)
def deploy(session: nox.Session) -> None:
    """Bring what was built to an environment (-- staging, -- production); there is none yet, and it says so."""
    session.run(sys.executable, "-m", "tasks.deployment", "deploy", *session.posargs, external=True)


@nox.session(default=False, python=False)
def rollback(session: nox.Session) -> None:
    """Bring back what an environment ran before (-- staging, -- production); there is none yet, and it says so."""
    session.run(sys.executable, "-m", "tasks.deployment", "rollback", *session.posargs, external=True)


@nox.session(default=False)
def config(session: nox.Session) -> None:
    """Show the settings of an environment, secrets masked, and what is missing (-- staging, -- production)."""
    install(session, "dev")
    session.run("python", "-m", "tasks.config", *session.posargs, env={"PYTHONPATH": "src/backend"})
