"""Sessions that check the application on real servers, and work on its database."""

import nox
from nox import virtualenv

from tasks.core.check_cache import run_check
from tasks.core.environments import install

UV = {"UV": virtualenv.UV}


@nox.session(tags=["check", "ci"], allow_parallel=True)
def test(session: nox.Session) -> None:
    """Run the tests in parallel on real servers, with coverage (-- PYTEST_ARGS: run a subset, without coverage)."""
    install(session, "test", compile_bytecode=True)
    run_check(session, "pytest", defaults=("--numprocesses=auto", "--cov"))


@nox.session(tags=["check", "ci"], allow_parallel=True)
def db_check(session: nox.Session) -> None:
    """Check that migrations match the models, can be undone, and do not lock tables in use (-- --only NAME)."""
    install(session, "dev", compile_bytecode=True)
    run_check(session, "python", "-m", "tasks", "checks.migrations")


@nox.session(default=False, tags=["ci"])
def e2e(session: nox.Session) -> None:
    """Run the end-to-end tests on servers of their own, or on others (-- --stack, -- http://127.0.0.1:8000)."""
    install(session, "test", compile_bytecode=True)
    # With time for the servers to stop after Ctrl-C.
    session.run("python", "-m", "tasks", "checks.e2e", *session.posargs, env=UV, interrupt_timeout=30.0)


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
    """Work with the development database (-- shell, -- dump FILE, -- restore FILE, -- reset, -- seed [N])."""
    install(session, "dev", compile_bytecode=True)
    # Ctrl-C is for psql: the session waits until psql exits.
    session.run("python", "-m", "tasks", "database", *session.posargs, interrupt_timeout=None)


@nox.session(default=False)
def jobs(session: nox.Session) -> None:
    """List background jobs that have failed for good (-- retry ID or --all, -- delete ID or --all)."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks", "database.jobs", *session.posargs)
