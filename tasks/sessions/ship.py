"""Sessions that bring the application to an environment."""

import nox

from tasks.core.environments import install


@nox.session(default=False)
def config(session: nox.Session) -> None:
    """Show the settings of an environment, secrets masked, and what is missing (-- staging, -- production)."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks.settings", *session.posargs, env={"PYTHONPATH": "src/backend"})


@nox.session(default=False)
def smoke(session: nox.Session) -> None:
    """Test what runs at APPLICATION_URL with the end-to-end tests that change nothing."""
    install(session, "test", compile_bytecode=True)
    session.run("python", "-m", "tasks.deployment.smoke", *session.posargs)


@nox.session(default=False)
def publish(session: nox.Session) -> None:
    """Push the built images into the registry's folder IMAGES, tagged VERSION, and write down their checksums."""
    install(session, "containers")
    session.run("python", "-m", "tasks.deployment.publish", *session.posargs, interrupt_timeout=60.0)
