"""Sessions that update the project, check its environments and publish the application."""

import os

import nox

from tasks.core.environments import install


@nox.session(default=False)
def update(session: nox.Session) -> None:
    """Update this project to the newest version of Slipway, with the same answers (-- --check)."""
    install(session, "update")
    session.run("python", "-m", "tasks", "project.update", *session.posargs)


@nox.session(default=False)
def config(session: nox.Session) -> None:
    """Show the settings of an environment and what is missing (-- development, -- staging, -- production)."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks", "settings", *session.posargs, env={"PYTHONPATH": "src/backend"})


@nox.session(default=False)
def rotate(session: nox.Session) -> None:
    """Replace a secret without an interruption (-- signing-key, -- database-password, --stack: in containers)."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks", "deployment.rotate", *session.posargs, interrupt_timeout=60.0)


@nox.session(default=False)
def smoke(session: nox.Session) -> None:
    """Run the end-to-end tests that change nothing against APPLICATION_URL."""
    url = os.environ.get("APPLICATION_URL", "").strip().rstrip("/")
    if not url.startswith(("http://", "https://")):
        advice = "Set it to the gateway's address; on GitHub, as a variable of the environment"
        session.error(f"APPLICATION_URL is not a URL: {url!r}. {advice}: APPLICATION_URL=https://…")
    install(session, "test", compile_bytecode=True)
    session.run("pytest", "tests/e2e", "-m", "smoke", "--quiet", *session.posargs, env={"APPLICATION_URL": url})


@nox.session(default=False)
def publish(session: nox.Session) -> None:
    """Push the images to IMAGES, such as ghcr.io/owner/repository, with the tag VERSION, and record their digests."""
    install(session, "containers")
    session.run("python", "-m", "tasks", "deployment.publish", *session.posargs, interrupt_timeout=60.0)
