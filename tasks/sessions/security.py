"""The session that scans for what attackers look for; for the toolkit as for a project."""

import nox
from nox import virtualenv

from tasks.core.environments import install


@nox.session(tags=["check"], allow_parallel=True)
def security(session: nox.Session) -> None:
    """Scan code, secrets, dependencies, containers and workflows (-- --only PART, --strict)."""
    install(session, "security")
    session.run("python", "-m", "tasks.checks.security", *session.posargs, env={"UV": virtualenv.UV})
