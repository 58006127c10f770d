"""The session of monitoring."""

import nox

from tasks.core.check_cache import run_check
from tasks.core.environments import install

# Dashboards are Python modules in infra/monitoring/dashboards.
ENVIRONMENT = {"PYTHONPATH": "infra/monitoring"}


@nox.session(tags=["check", "ci", "part"], allow_parallel=True)
def monitoring(session: nox.Session) -> None:
    """Check alerts and dashboards: rules with their tests, queries, runbooks (-- --fix: write generated files)."""
    install(session, "monitoring")
    run_check(session, "python", "-m", "tasks", "monitoring.check", env=ENVIRONMENT)
