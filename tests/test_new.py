"""`new` creates a project relative to the caller's folder, or nothing at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tasks.core.errors import UserError
from tests.support import ROOT, run
from toolkit.git import git
from toolkit.new import check, commit

INTERRUPTED = "Interrupted: no project was created."
SLOW_IMPORT = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)\n"


def new(target: Path | str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the module of the session, without nox."""
    return run(sys.executable, "-m", "toolkit.new", target, *arguments, cwd=ROOT, **environment)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_removes_the_draft(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "toolkit.new", str(tmp_path / "a" / "b" / "my-app")]
    scaffolding = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    await_draft(tmp_path)
    scaffolding.send_signal(number)
    _, errors = scaffolding.communicate(timeout=60)
    assert (scaffolding.returncode, errors.splitlines()[-1]) == (130, INTERRUPTED)
    assert list(tmp_path.iterdir()) == []


def await_draft(folder: Path) -> None:
    """Return as soon as the draft exists."""
    deadline = time.monotonic() + 60
    while not list(folder.glob(".slipway-*")):
        assert time.monotonic() < deadline, "no draft was created"
        os.sched_yield()


@pytest.mark.parametrize("module", ["toolkit.new", "toolkit.demo"])
def test_ctrl_c_during_imports_prints_nothing(tmp_path: Path, module: str) -> None:
    (tmp_path / "yaml.py").write_text(SLOW_IMPORT)
    interrupted = run(sys.executable, "-m", module, tmp_path / "my-app", cwd=ROOT, PYTHONPATH=str(tmp_path))
    assert (interrupted.returncode, interrupted.stdout) == (-signal.SIGINT, "")
    assert not (tmp_path / "my-app").exists()


def test_scaffold_is_interrupted_when_its_session_has_exited(tmp_path: Path) -> None:
    interrupted = new(tmp_path / "my-app", SLIPWAY_SESSION="0")
    assert (interrupted.returncode, interrupted.stdout.splitlines()[-1]) == (130, INTERRUPTED)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_is_named_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = new(tmp_path / "file" / "my-app")
    assert refused.returncode == 1
    assert refused.stdout.splitlines()[-1] == f"Cannot create {tmp_path}/file/my-app: Not a directory"


def test_missing_git_is_reported_with_the_command_that_installs_it(tmp_path: Path) -> None:
    refused = new(tmp_path / "my-app", PATH=str(tmp_path))
    assert refused.returncode == 1
    assert refused.stdout == "git is not installed. Install it, for example with: apt-get install git\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["rel-app", "docs/rel-app", "."])
def test_target_inside_the_checkout_is_refused(target: str) -> None:
    with pytest.raises(UserError, match=f"use a folder outside, such as {ROOT.parent}/my-app"):
        check(ROOT / target, {})


def test_a_target_inside_a_repository_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(tmp_path / "a" / "my-app", {})
    assert capsys.readouterr().out == ""
    git(tmp_path, "init", "--quiet")
    check(tmp_path / "a" / "my-app", {})
    assert capsys.readouterr().out.startswith(f"{tmp_path}/a/my-app is in the repository {tmp_path}, but will be ")


def test_project_in_new_folders_of_any_name_with_relative_paths_and_without_a_git_identity(tmp_path: Path) -> None:
    (tmp_path / "answers.yml").write_text("project_name: Ours\n")
    nobody = {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    target = "./-x $a 'b'/my-app"
    made = new(target, "--data-file", "answers.yml", SLIPWAY_CALLER=str(tmp_path), **nobody)
    assert made.returncode == 0, made.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["-x $a 'b'", "answers.yml"]
    assert [path.name for path in (tmp_path / target).parent.iterdir()] == ["my-app"]
    assert "# Ours\n" in (tmp_path / target / "README.md").read_text(encoding="utf-8")
    advice = next(line for line in made.stdout.splitlines() if line.startswith("  cd "))
    there = run("sh", "-c", f"{advice} && pwd && git log --format=%an", cwd=tmp_path)
    assert there.stdout.splitlines() == [str(tmp_path / target), "Slipway"]


def test_project_is_committed_whatever_the_user_configured_in_git(tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    (tmp_path / "gitconfig").write_text(
        f"[user]\nemail = me@localhost\nsigningkey = missing\n[commit]\ngpgsign = true\n[core]\nhooksPath = {hooks}\n"
    )
    (tmp_path / "README.md").write_text("")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
        patched.setenv("GIT_CONFIG_NOSYSTEM", "1")
        commit(tmp_path)
        assert git(tmp_path, "log", "--format=%an %ae").splitlines() == ["Slipway me@localhost"]
