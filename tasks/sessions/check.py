"""Sessions that check the application on real servers; with those of `source`, tag `check` runs them all."""

import nox

from tasks.core.environments import install


@nox.session(tags=["check"], allow_parallel=True)
def test(session: nox.Session) -> None:
    """Test on real servers, in parallel and with coverage; -- PYTEST'S ARGUMENTS run just these tests, without."""
    install(session, "test", compile_bytecode=True)
    session.run("pytest", *(session.posargs or ["--numprocesses=auto", "--cov"]))


@nox.session(tags=["check"], allow_parallel=True)
def db_check(session: nox.Session) -> None:
    """Check that migrations have all that models have, can be undone, and do not lock tables that are in use."""
    install(session, "dev", compile_bytecode=True)
    session.run("python", "-m", "tasks.checks.migrations", *session.posargs)


@nox.session(default=False, tags=["ci"])
def e2e(session: nox.Session) -> None:
    """Test a running application through its gateway: nox -s e2e -- http://127.0.0.1:8000 (without it, a fresh one)."""
    install(session, "test", compile_bytecode=True)
    session.run("python", "-m", "tasks.checks.e2e", *session.posargs)
