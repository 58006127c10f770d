"""Sessions for the application in containers; they need Docker."""

import nox

from tasks.core.environments import install

# Time for a graceful stop after Ctrl-C: Compose gives containers ten seconds.
TIMEOUT_SECONDS = 60.0


@nox.session(default=False, tags=["ci", "containers"])
def stack(session: nox.Session) -> None:
    """Run the application in containers (-- [up], watch, down, status, logs [SERVICE…], restart SERVICE…)."""
    install(session, "containers")
    session.run("python", "-m", "tasks", "compose", *session.posargs, interrupt_timeout=TIMEOUT_SECONDS)


@nox.session(default=False, tags=["ci", "containers"])
def images(session: nox.Session) -> None:
    """Build the images, print their sizes, check and scan them (-- build, check, scan)."""
    install(session, "containers")
    session.run("python", "-m", "tasks", "checks.images", *session.posargs, interrupt_timeout=TIMEOUT_SECONDS)


@nox.session(default=False, tags=["ci", "containers"])
def devcontainer(session: nox.Session) -> None:
    """Start the devcontainer and run the checks or a command in it, without an editor (-- COMMAND…)."""
    install(session, "node")
    session.run("python", "-m", "tasks", "editor.devcontainer", *session.posargs, interrupt_timeout=TIMEOUT_SECONDS)
