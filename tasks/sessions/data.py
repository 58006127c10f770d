"""Sessions on the database."""

import nox

from tasks.core.environments import install


@nox.session(default=False)
def migrate(session: nox.Session) -> None:
    """Apply pending migrations (-- REVISION, -- downgrade -1, -- history)."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks", "database.migrations.apply", *session.posargs)


@nox.session(default=False)
def migration(session: nox.Session) -> None:
    """Generate a migration from changed models (-- "add colour to projects"), or join branches (-- --merge)."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks", "database.migrations.generate", *session.posargs)


@nox.session(default=False)
def db(session: nox.Session) -> None:
    """Work with the development database (-- shell, -- dump FILE, -- restore FILE, -- reset)."""
    install(session, "dev", compile_bytecode=True)
    # Ctrl-C is for psql: the session waits until psql exits.
    session.run("python", "-m", "tasks", "database", *session.posargs, interrupt_timeout=None)
