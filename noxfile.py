# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]==2026.10.20"]
# ///
"""The toolkit's sessions; `nox -s demo` scaffolds an application and proves it, `nox -s new -- ../my-app` keeps one.

Without nox, `python3 noxfile.py -s demo` does the same. The template's own sessions: `nox -f template/noxfile.py -l`.
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
from tasks.sessions import ci, security, source

__all__ = ["ci", "security", "source"]

nox.needs_version = ">=2026.8.17"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = []


def run_module(session: nox.Session, module: str, *arguments: str, **settings: str) -> None:
    """Run a module of the session's environment, with time to clean up after Ctrl-C."""
    session.run("python", "-m", module, *arguments, env=settings, interrupt_timeout=30.0, terminate_timeout=10.0)


def run_for_caller(session: nox.Session, module: str) -> None:
    """Run a module to which relative paths are those of whoever called nox, and which ends when nox does."""
    caller = {"SLIPWAY_CALLER": session.invoked_from, "SLIPWAY_SESSION": str(os.getpid())}
    run_module(session, module, *session.posargs, **caller)


@nox.session(default=False, python=False)
def editor(session: nox.Session) -> None:
    """Make .venv, where editors look for Python."""
    session.run(sys.executable, "-m", "tasks.editor.venv", env={"UV": virtualenv.UV}, external=True)


@nox.session(default=False)
def new(session: nox.Session) -> None:
    """Scaffold a project (-- ../my-app)."""
    install(session, "new")
    run_for_caller(session, "toolkit.new")


@nox.session(default=False, tags=["ci"])
def demo(session: nox.Session) -> None:
    """Scaffold with defaults, run it on real servers, prove that it answers, stop it (-- --keep DIR, --open)."""
    install(session, "demo")
    run_for_caller(session, "toolkit.demo")


@nox.session(tags=["ci"])
def test(session: nox.Session) -> None:
    """Run the toolkit's own tests, in parallel; -- PYTEST'S ARGUMENTS run just these, in one process."""
    install(session, "test", compile_bytecode=True)
    run_module(session, "pytest", *(session.posargs or ["--numprocesses=auto"]))


@nox.session(default=False)
def golden(session: nox.Session) -> None:
    """Rewrite tests/golden/ from what the answer sets render now; review the difference."""
    install(session, "test", compile_bytecode=True)
    run_module(session, "tests.golden_lists")


@nox.session(default=False)
def reference(session: nox.Session) -> None:
    """Write docs/reference.md from the noxfiles."""
    install(session, "test", compile_bytecode=True)
    run_module(session, "toolkit.reference")


@nox.session(default=False, tags=["ci"])
def matrix(session: nox.Session) -> None:
    """Scaffold every answer set and run each project's own checks in it."""
    install(session, "demo")
    run_module(session, "toolkit.matrix", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure the budgets in one run and write docs/benchmarks.md (-- scaffold, first, sessions, gateway, stack)."""
    install(session, "bench")
    run_module(session, "toolkit.bench", *session.posargs)


@nox.session(default=False)
def reliability(session: nox.Session) -> None:
    """Kill, freeze and restart what the stack of a fresh project consists of, and count what is lost (-- --help)."""
    install(session, "demo")
    run_module(session, "toolkit.reliability", *session.posargs)
