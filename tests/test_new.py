"""`new` makes a project where its user is and means it to be, or leaves nothing behind and says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import ROOT, run

SLOW_IMPORT = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)\n"


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_scaffold_leaves_nothing(tmp_path: Path, by: signal.Signals) -> None:
    command = [sys.executable, "-m", "toolkit.new", str(tmp_path / "a" / "b" / "my-app")]
    scaffolding = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for_draft(tmp_path)
    scaffolding.send_signal(by)
    _, said = scaffolding.communicate(timeout=60)
    assert scaffolding.returncode == 1
    assert said.splitlines()[-1] == "Interrupted: nothing was made."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", ["toolkit.new", "toolkit.demo"])
def test_ctrl_c_while_it_is_still_being_loaded_is_quiet(tmp_path: Path, module: str) -> None:
    (tmp_path / "copier.py").write_text(SLOW_IMPORT)
    ended = run(sys.executable, "-m", module, tmp_path / "my-app", cwd=ROOT, PYTHONPATH=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (-signal.SIGINT, "")
    assert not (tmp_path / "my-app").exists()


def test_a_scaffold_ends_with_the_nox_that_started_it(tmp_path: Path) -> None:
    ended = new(tmp_path / "my-app", SLIPWAY_SESSION="0")
    assert ended.stdout.splitlines()[-1] == "Interrupted: nothing was made."
    assert list(tmp_path.iterdir()) == []


def new(target: Path | str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the session runs, without nox around it."""
    return run(sys.executable, "-m", "toolkit.new", target, *arguments, cwd=ROOT, **environment)


def wait_for_draft(folder: Path) -> None:
    """Return as soon as the scaffold has begun to write."""
    deadline = time.monotonic() + 60
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


def test_the_folders_above_a_project_are_made_with_it(tmp_path: Path) -> None:
    made = new(tmp_path / "a" / "b" / "my-app")
    assert made.returncode == 0, made.stdout
    assert (tmp_path / "a" / "b" / "my-app" / ".git").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_folders_above_a_project_that_is_refused_are_not_made(tmp_path: Path) -> None:
    refused = new(tmp_path / "a" / "b" / "c", "--data", "project_slug=class")
    assert refused.returncode == 1
    assert refused.stdout.splitlines()[-1] == "Nothing was made."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ("2: 2\nyes: 2\n", "No such question: 2, True."),
        ("project_name: 2026-13-45\n", "Cannot read the answers in {answers}: month must be in 1..12."),
    ],
)
def test_answers_that_are_none_are_refused_in_two_lines(tmp_path: Path, answers: str, reason: str) -> None:
    given = tmp_path / "answers.yml"
    given.write_text(answers)
    refused = new(tmp_path / "my-app", "--data-file", given)
    said = [line for line in refused.stdout.splitlines() if not line.startswith("This checkout")]
    assert refused.returncode == 1
    assert said[0].startswith(reason.format(answers=given))
    assert said[1:] == ["Nothing was made."]
    assert list(tmp_path.iterdir()) == [given]


def test_without_git_it_says_so(tmp_path: Path) -> None:
    refused = new(tmp_path / "my-app", PATH=str(tmp_path))
    assert refused.returncode == 1
    assert refused.stdout.splitlines() == [
        "git is not installed, or not on the PATH; get it, for example with: apt-get install git",
        "Nothing was made.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_relative_paths_are_those_of_whoever_calls(tmp_path: Path) -> None:
    (tmp_path / "answers.yml").write_text("project_name: Ours\n")
    command = ("-s", "new", "--", "my-app", "--data-file", "answers.yml")
    made = run(sys.executable, ROOT / "noxfile.py", *command, cwd=tmp_path)
    assert made.returncode == 0, made.stdout
    assert "Ours" in (tmp_path / "my-app" / "README.md").read_text(encoding="utf-8")


def test_the_way_that_is_told_leads_to_the_project_whatever_it_is_called(tmp_path: Path) -> None:
    target = "./-x $a 'b'"
    made = new(target, "--data", "project_slug=ours", SLIPWAY_CALLER=str(tmp_path))
    assert made.returncode == 0, made.stdout
    advice = next(line for line in made.stdout.splitlines() if line.startswith("  cd "))
    there = run("sh", "-c", f"{advice} && pwd && ls noxfile.py", cwd=tmp_path)
    assert there.stdout.splitlines() == [str(tmp_path / target), "noxfile.py"]


@pytest.mark.parametrize("target", ["rel-app", "docs/rel-app", "."])
def test_a_project_inside_the_checkout_is_refused_in_two_lines(target: str) -> None:
    refused = new(ROOT / target)
    said = [line for line in refused.stdout.splitlines() if not line.startswith("This checkout")]
    assert refused.returncode == 1
    outside = ROOT.parent / "my-app"
    reason = f"{(ROOT / target).resolve()} is inside Slipway's own checkout; name a folder outside, such as {outside}."
    assert said == [reason, "Nothing was made."]


def test_it_says_whose_updates_a_project_gets_where_nobody_else_has_the_checkout(
    checkout: Path, tmp_path: Path
) -> None:
    made = run(sys.executable, "-m", "toolkit.new", tmp_path / "my-app", cwd=checkout)
    assert made.returncode == 0, made.stdout
    assert made.stdout.splitlines()[-1] == (
        f"Its updates come from {checkout}; for others, put a repository's URL into .copier-answers.yml, as _src_path."
    )
