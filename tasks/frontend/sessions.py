"""Sessions of the frontend."""

import nox
from nox import virtualenv

from tasks.core.check_cache import run_check
from tasks.core.environments import install

ENVIRONMENT = {"UV": virtualenv.UV, "PYTHONPATH": "src/backend"}


@nox.session(tags=["check", "ci", "part", "typescript"], allow_parallel=True)
def frontend(session: nox.Session) -> None:
    """Check the frontend: client, types, style, tests and build (-- --only NAME, --fix: apply automatic fixes)."""
    install(session, "dev", compile_bytecode=True)
    run_check(session, "python", "-m", "tasks", "frontend.check", env=ENVIRONMENT)


@nox.session(default=False)
def client(session: nox.Session) -> None:
    """Write the frontend's typed client from the code of the services, without starting them."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks", "frontend.client", *session.posargs, env=ENVIRONMENT)


@nox.session(default=False)
def screenshots(session: nox.Session) -> None:
    """Write a picture of each page of the frontend, with seeded data (-- NAME…: only these pages)."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks", "frontend.screenshots", *session.posargs, env=ENVIRONMENT)
