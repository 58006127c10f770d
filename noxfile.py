# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]==2026.10.20"]
# ///
"""The sessions of Slipway: `nox -s demo` runs an application, `nox -s new -- ../my-app` starts a project.

Without nox, use `python3 noxfile.py -s demo`. Sessions of the template: `nox -f template/noxfile.py -l`.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tasks.core import bootstrap

if __name__ == "__main__":
    bootstrap.run(__file__)

import nox
from nox import virtualenv

from tasks.core.environments import install

nox.needs_version = ">=2026.8.17"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = []


def run_module(session: nox.Session, module: str, *arguments: str, **settings: str) -> None:
    """Run a module of the session's environment, with time to clean up after Ctrl-C."""
    session.run("python", "-m", module, *arguments, env=settings, interrupt_timeout=30.0, terminate_timeout=10.0)


def run_for_caller(session: nox.Session, module: str) -> None:
    """Run a module with the caller's working directory for relative paths; it exits when nox does."""
    caller = {"SLIPWAY_CALLER": session.invoked_from, "SLIPWAY_SESSION": str(os.getpid())}
    run_module(session, module, *session.posargs, **caller)


@nox.session(default=False, tags=["ci"])
def demo(session: nox.Session) -> None:
    """Scaffold a project, run it on real servers, test it over HTTP and stop it (-- --keep DIR, --open)."""
    install(session, "demo")
    run_for_caller(session, "toolkit.demo")


@nox.session(default=False)
def new(session: nox.Session) -> None:
    """Scaffold a project: nox -s new -- ../my-app."""
    install(session, "new")
    run_for_caller(session, "toolkit.new")


@nox.session(tags=["ci"])
def test(session: nox.Session) -> None:
    """Run the tests that need neither containers nor minutes (-- PYTEST_ARGS: run a subset in one process)."""
    install(session, "test", compile_bytecode=True)
    run_module(session, "pytest", *(session.posargs or ["--numprocesses=auto", "-m", "not containers and not slow"]))


@nox.session(default=False, tags=["ci"])
def test_containers(session: nox.Session) -> None:
    """Run the tests that need a Docker Engine or minutes (-- PYTEST_ARGS: run a subset in one process)."""
    install(session, "test", compile_bytecode=True)
    run_module(session, "pytest", "-m", "containers or slow", *(session.posargs or ["--numprocesses=auto"]))


@nox.session(default=False, tags=["ci"])
def matrix(session: nox.Session) -> None:
    """Scaffold a project from each file of answers and run its checks (-- NAME)."""
    install(session, "demo")
    run_module(session, "toolkit.matrix", *session.posargs)


@nox.session(default=False)
def golden(session: nox.Session) -> None:
    """Update the expected lists of files and tasks/checksums.txt; review the difference."""
    install(session, "test", compile_bytecode=True)
    run_module(session, "tasks", "checks.checksums", "--write")
    run_module(session, "tests.golden_lists")


@nox.session(default=False)
def reference(session: nox.Session) -> None:
    """Write docs/reference.md from the noxfiles."""
    install(session, "test", compile_bytecode=True)
    run_module(session, "toolkit.reference")


@nox.session(default=False)
def screenshots(session: nox.Session) -> None:
    """Run demo and dev in a terminal and write docs/images/."""
    install(session, "demo")
    run_module(session, "toolkit.screenshots")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Run benchmarks and write docs/benchmarks.md (-- scaffold, first, sessions, gateway, jobs, stack, frontend)."""
    install(session, "bench")
    run_module(session, "toolkit.bench", *session.posargs, UV=virtualenv.UV)


@nox.session(default=False)
def reliability(session: nox.Session) -> None:
    """Inject faults into a running application, count lost writes and write docs/reliability.md (-- --help)."""
    install(session, "test", compile_bytecode=True)
    run_for_caller(session, "toolkit.reliability")


@nox.session(default=False, python=False)
def editor(session: nox.Session) -> None:
    """Create .venv for editors."""
    session.run(sys.executable, "-m", "tasks", "editor.venv", env={"UV": virtualenv.UV}, external=True)


# Imported last, since nox lists sessions in the order in which they are registered.
from tasks.sessions import source

__all__ = ["source"]
