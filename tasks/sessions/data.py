"""Sessions that look after the database."""

import nox

from tasks.environment import install


@nox.session(default=False)
def migrate(session: nox.Session) -> None:
    """Apply the migrations that the database lacks (-- REVISION, -- downgrade -1, -- history)."""
    install(session, "dev")
    session.run("python", "-m", "tasks.migrations.apply", *session.posargs)


@nox.session(default=False)
def migration(session: nox.Session) -> None:
    """Write a migration for what changed in the models: nox -s migration -- "add colour to projects"."""
    install(session, "dev")
    session.run("python", "-m", "tasks.migrations.generate", *session.posargs)
