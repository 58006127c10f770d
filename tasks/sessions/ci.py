"""Sessions that CI's workflow needs, and the one that runs that workflow here."""

import sys

import nox
from nox import virtualenv

from tasks.environment import install


@nox.session(default=False)
def ci(session: nox.Session) -> None:
    """Run here what CI runs, from its workflow, and say what this machine cannot (-- JOB…)."""
    install(session, "lint")
    session.run(
        *("python", "-m", "tasks.ci", *session.posargs),
        env={"UV": virtualenv.UV, "SLIPWAY_PYTHON": sys.executable},
        interrupt_timeout=30.0,
        terminate_timeout=30.0,
    )


@nox.session(default=False, python=False, tags=["ci"])
def ci_result(session: nox.Session) -> None:
    """Fail unless each job that CI's last one needs has succeeded; the workflow says in NEEDS how they ended."""
    session.run(sys.executable, "-m", "tasks.ci.result", *session.posargs, external=True)
