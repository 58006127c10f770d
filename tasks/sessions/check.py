"""Sessions that check the project; tag `check` runs them all."""

import sys

import nox
from nox import virtualenv

from tasks.environment import install


@nox.session(tags=["check"], allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Check style, spelling and lock files (-- FILE…, --only NAME, --fix mends what can be mended)."""
    install(session, "lint")
    session.run("python", "-m", "tasks.lint", *session.posargs, env={"UV": virtualenv.UV})


@nox.session(tags=["check"], allow_parallel=True)
def typecheck(session: nox.Session) -> None:
    """Check types, strictly, in the application, its tests and the sessions."""
    install(session, "typecheck")
    session.run("mypy", *session.posargs)


@nox.session(tags=["check"], allow_parallel=True)
def test(session: nox.Session) -> None:
    """Test on real servers, in parallel and with coverage; -- PYTEST'S ARGUMENTS run just these tests, without."""
    install(session, "test")
    session.run("pytest", *(session.posargs or ["--numprocesses=auto", "--cov"]))


@nox.session(tags=["check"], allow_parallel=True)
def db_check(session: nox.Session) -> None:
    """Check that migrations have all that models have, can be undone, and do not lock tables that are in use."""
    install(session, "dev")
    session.run("python", "-m", "tasks.db_check", *session.posargs)


@nox.session(default=False, python=False)
def lock(session: nox.Session) -> None:
    """Write requirements/*.txt from the dependency groups (-- --upgrade, --upgrade-package NAME)."""
    session.run(sys.executable, "-m", "tasks.lock", *session.posargs, env={"UV": virtualenv.UV}, external=True)
