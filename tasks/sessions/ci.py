"""The session that judges the other jobs of a workflow."""

import sys

import nox


@nox.session(default=False, python=False, tags=["ci"])
def ci_result(session: nox.Session) -> None:
    """Fail unless every job that the last job of CI needs succeeded (results as JSON in NEEDS)."""
    session.run(sys.executable, "-m", "tasks.checks.ci_result", *session.posargs, external=True)
