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
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks.config", *session.posargs, env={"PYTHONPATH": "src/backend"})


@nox.session(default=False)
def smoke(session: nox.Session) -> None:
    """Test what runs at APPLICATION_URL with the end-to-end tests that change nothing."""
    install(session, "test", compile_bytecode=True)
    session.run("python", "-m", "tasks.smoke", *session.posargs)


@nox.session(default=False)
def publish(session: nox.Session) -> None:
    """Push the built images into the registry's folder IMAGES, tagged VERSION, and write down their checksums."""
    install(session, "containers")
    session.run("python", "-m", "tasks.publish", *session.posargs, interrupt_timeout=60.0)
