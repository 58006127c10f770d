"""Scaffolding that goes wrong half-way leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import ROOT, run


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_scaffold_leaves_nothing(tmp_path: Path, by: signal.Signals) -> None:
    command = [sys.executable, "-m", "toolkit.new", str(tmp_path / "my-app")]
    scaffolding = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for_draft(tmp_path)
    scaffolding.send_signal(by)
    _, said = scaffolding.communicate(timeout=30)
    assert scaffolding.returncode == 1
    assert said.splitlines()[-1] == "Interrupted: nothing was made."
    assert list(tmp_path.iterdir()) == []


def wait_for_draft(folder: Path) -> None:
    """Return as soon as the scaffold has begun to write."""
    deadline = time.monotonic() + 30
    while not list(folder.glob(".slipway-*")):
        assert time.monotonic() < deadline, "the scaffold never began"
        os.sched_yield()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    session = run(sys.executable, "-m", "toolkit.new", tmp_path / "file" / "my-app", cwd=ROOT)
    assert session.returncode == 1
    assert session.stdout.splitlines()[-1].startswith(f"Cannot make {tmp_path}/file/my-app: ")


def test_an_empty_folder_and_a_project_without_a_git_identity_will_do(tmp_path: Path) -> None:
    (tmp_path / "my-app").mkdir()
    nobody = {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    session = run(sys.executable, "-m", "toolkit.new", tmp_path / "my-app", cwd=ROOT, **nobody)
    assert session.returncode == 0, session.stdout
    assert (tmp_path / "my-app" / ".git").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["my-app"]
