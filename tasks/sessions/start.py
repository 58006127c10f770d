"""Sessions to start with: set up the project, run it, check the machine."""

import os
import signal
import sys

import nox
from nox import virtualenv

from tasks.core.environments import install


@nox.session(default=False)
def setup(session: nox.Session) -> None:
    """Create .env.local with new secrets, or add missing settings to it, and install the git hooks."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks", "project.setup", *session.posargs)


@nox.session(default=False)
def dev(session: nox.Session) -> None:
    """Run the application without Docker, on real PostgreSQL and Valkey; code changes restart services."""
    install(session, "dev", compile_bytecode=True)
    if os.getpid() == 1:
        # The kernel ignores SIGTERM, which `docker stop` sends, for the first process of a container without a handler.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    session.run(
        *("python", "-m", "tasks", "dev", *session.posargs),
        # nox forwards no signals, so that `dev` has to watch whether nox runs.
        env={"SLIPWAY_SESSION": str(os.getpid()), "UV": virtualenv.UV},
        interrupt_timeout=2.0,
        terminate_timeout=60.0,
    )


@nox.session(default=False)
def doctor(session: nox.Session) -> None:
    """Check this machine and this project, and show the commands that fix problems."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks", "doctor", *session.posargs)


@nox.session(default=False, python=False, requires=["setup"])
def editor(session: nox.Session) -> None:
    """Set up the project and create .venv, for editors."""
    session.run(sys.executable, "-m", "tasks", "editor.venv", env={"UV": virtualenv.UV}, external=True)
