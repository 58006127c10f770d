"""Sessions to start with: set the project up, run it, see what the machine lacks."""

import os
import signal
import sys

import nox
from nox import virtualenv

from tasks.core.environments import install

# nox passes no signal on: `dev` ends with the process that started it, whose number it is told.
SESSION = "SLIPWAY_SESSION"


@nox.session(default=False)
def setup(session: nox.Session) -> None:
    """Write .env.local with fresh secrets, or add what it lacks, and install the git hooks."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks.project.setup", *session.posargs)


@nox.session(default=False, python=False, requires=["setup"])
def editor(session: nox.Session) -> None:
    """Set the project up and make .venv, where editors look for Python."""
    session.run(sys.executable, "-m", "tasks.editor.venv", env={"UV": virtualenv.UV}, external=True)


@nox.session(default=False)
def dev(session: nox.Session) -> None:
    """Run the application on real PostgreSQL and Valkey without Docker, reloading on change."""
    install(session, "dev", compile_bytecode=True)
    if os.getpid() == 1:
        # The first process of a container gets no signal that it has no handler for, and `docker stop` sends SIGTERM.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    session.run(
        *("python", "-m", "tasks.dev", *session.posargs),
        env={SESSION: str(os.getpid())},
        interrupt_timeout=2.0,
        terminate_timeout=60.0,
    )


@nox.session(default=False)
def doctor(session: nox.Session) -> None:
    """Show what this machine has and lacks, and the command that gets it."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks.doctor", *session.posargs)
