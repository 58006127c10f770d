"""Sessions that check source: style, types; the same for the toolkit as for a project."""

import nox
from nox import virtualenv

from tasks.core.environments import install


@nox.session(tags=["check"], allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Check style, spelling and lock files (-- FILE…, --only NAME, --fix mends what can be mended)."""
    install(session, "lint")
    session.run("python", "-m", "tasks.checks.lint", *session.posargs, env={"UV": virtualenv.UV})


@nox.session(tags=["check"], allow_parallel=True)
def typecheck(session: nox.Session) -> None:
    """Check types, strictly, in the application, its tests and the sessions."""
    install(session, "typecheck")
    session.run("mypy", *session.posargs)
