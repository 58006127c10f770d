"""Sessions on source, lock files and the results of CI: the same for Slipway as for a project."""

import sys

import nox
from nox import virtualenv

from tasks.core.check_cache import IMAGES, REVISIONS, run_check
from tasks.core.environments import install

UV = {"UV": virtualenv.UV}
# Advisories appear without a change of the project.
ADVISORY_SECONDS = 24 * 60 * 60


@nox.session(tags=["check", "ci"], allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Check style, spelling, lock files and workflows (-- FILES, --only NAME, --fix: apply automatic fixes)."""
    install(session, "lint")
    run_check(session, "python", "-m", "tasks", "checks.lint", env=UV)


@nox.session(tags=["check", "ci"], allow_parallel=True)
def typecheck(session: nox.Session) -> None:
    """Check types, strictly (-- FILES: only these)."""
    install(session, "typecheck")
    run_check(session, "mypy")


@nox.session(tags=["check", "ci"], allow_parallel=True)
def security(session: nox.Session) -> None:
    """Scan code, secrets, dependencies, containers and workflows (-- --only PART, --strict)."""
    install(session, "security")
    command = ("python", "-m", "tasks", "checks.security")
    run_check(session, *command, reads=(REVISIONS, IMAGES), max_age=ADVISORY_SECONDS, env=UV)


@nox.session(default=False, python=False)
def ci_result(session: nox.Session) -> None:
    """Fail unless all jobs in NEEDS, the JSON of their results, succeeded."""
    session.run(sys.executable, "-m", "tasks", "checks.ci_result", external=True)


@nox.session(default=False, python=False)
def lock(session: nox.Session) -> None:
    """Write requirements/*.txt from the dependency groups (-- --upgrade, --upgrade-package NAME)."""
    session.run(sys.executable, "-m", "tasks", "project.locks", *session.posargs, env=UV, external=True)
