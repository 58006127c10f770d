"""`nox -s bench` without an engine and with an unknown part."""

from __future__ import annotations

import sys

from tests.support import ROOT, run


def test_stack_is_not_measured_without_an_engine() -> None:
    command = (sys.executable, "-m", "toolkit.bench", "stack")
    done = run(*command, cwd=ROOT, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert done.returncode == 0, done.stdout
    assert "the application in containers" in done.stdout
    assert "no Docker Engine answers" in done.stdout


def test_unknown_part_is_refused_on_one_line() -> None:
    done = run(sys.executable, "-m", "toolkit.bench", "speed", cwd=ROOT)
    assert done.returncode == 1
    assert done.stdout == "Unknown parts: speed. Use scaffold, first, sessions, gateway, jobs, stack, frontend.\n"
