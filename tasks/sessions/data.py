"""Sessions that look after the database."""

import nox

from tasks.core.environments import install


@nox.session(default=False)
def migrate(session: nox.Session) -> None:
    """Apply the migrations that the database lacks (-- REVISION, -- downgrade -1, -- history)."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks.database.migrations.apply", *session.posargs)


@nox.session(default=False)
def migration(session: nox.Session) -> None:
    """Write a migration for what changed in the models: nox -s migration -- "add colour to projects"."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks.database.migrations.generate", *session.posargs)


@nox.session(default=False)
def db(session: nox.Session) -> None:
    """Work with the development database: -- shell, dump FILE, restore FILE, reset (these two ask, unless --yes)."""
    install(session, "dev", compile_bytecode=True)
    # Ctrl-C is for psql; the session ends when that does.
    session.run("python", "-m", "tasks.database", *session.posargs, interrupt_timeout=None)
