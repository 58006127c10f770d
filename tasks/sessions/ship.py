"""Sessions that publish the application and check its environments."""

import nox

from tasks.core.environments import install


@nox.session(default=False)
def config(session: nox.Session) -> None:
    """Show the settings of an environment and what is missing (-- development, -- staging, -- production)."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks.settings", *session.posargs, env={"PYTHONPATH": "src/backend"})


@nox.session(default=False)
def smoke(session: nox.Session) -> None:
    """Run the end-to-end tests that change nothing against APPLICATION_URL."""
    install(session, "test", compile_bytecode=True)
    session.run("python", "-m", "tasks.deployment.smoke", *session.posargs)


@nox.session(default=False)
def publish(session: nox.Session) -> None:
    """Push the images to IMAGES, such as ghcr.io/owner/repository, with the tag VERSION, and record their digests."""
    install(session, "containers")
    session.run("python", "-m", "tasks.deployment.publish", *session.posargs, interrupt_timeout=60.0)
