"""Sessions that check source, and the results of CI: the same for Slipway as for a project."""

import sys

import nox
from nox import virtualenv

from tasks.core.environments import install

UV = {"UV": virtualenv.UV}


@nox.session(tags=["check", "ci"], allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Check style, spelling, lock files and workflows (-- FILES, --only NAME, --fix: apply automatic fixes)."""
    install(session, "lint")
    session.run("python", "-m", "tasks.checks.lint", *session.posargs, env=UV)


@nox.session(tags=["check", "ci"], allow_parallel=True)
def typecheck(session: nox.Session) -> None:
    """Check types, strictly (-- FILES: only these)."""
    install(session, "typecheck")
    session.run("mypy", *session.posargs)


@nox.session(tags=["check", "ci"], allow_parallel=True)
def security(session: nox.Session) -> None:
    """Scan code, secrets, dependencies, containers and workflows (-- --only PART, --strict)."""
    install(session, "security")
    session.run("python", "-m", "tasks.checks.security", *session.posargs, env=UV)


@nox.session(default=False, python=False)
def lock(session: nox.Session) -> None:
    """Write the lock files from the dependency groups (-- --upgrade, --upgrade-package NAME)."""
    session.run(sys.executable, "-m", "tasks.project.locks", *session.posargs, env=UV, external=True)


@nox.session(default=False, python=False, tags=["ci"])
def ci_result(session: nox.Session) -> None:
    """Check that all other jobs of CI succeeded, from their results as JSON in NEEDS."""
    session.run(sys.executable, "-m", "tasks.checks.ci_result", external=True)
