"""A scaffolded project: its files, and how the answers arrive in it."""

from __future__ import annotations

import filecmp
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

from tests.support import ANSWER_SETS, ANSWERS, GOLDEN, ROOT, files, nox, run

Rendered = Callable[[str], Path]
WINDOWS_FORBIDS = re.compile(r'[<>:"\\|?*]|[ .]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_its_files_are_those_of_the_golden_list(rendered: Rendered, name: str) -> None:
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert files(rendered(name)) == golden, f"if this is meant: nox -s golden, and review tests/golden/{name}.txt"


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_no_file_name_is_invalid_on_windows(rendered: Rendered, name: str) -> None:
    parts = {part for path in files(rendered(name)) for part in Path(path).parts}
    assert [part for part in parts if WINDOWS_FORBIDS.search(part)] == []


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_every_file_is_real_and_nothing_is_left_to_render(rendered: Rendered, name: str) -> None:
    project = rendered(name)
    assert [path for path in files(project) if (project / path).is_symlink()] == []
    assert [path for path in files(project) if path.endswith(".jinja") or "{{" in path] == []


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_the_answers_arrive_unharmed(rendered: Rendered, name: str) -> None:
    given = yaml.safe_load((ANSWERS / f"{name}.yml").read_text(encoding="utf-8"))
    project = rendered(name)
    stored = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    settings = dotenv_values(project / ".env.example", interpolate=False)
    assert {key: stored[key] for key in given} == given
    assert settings["APP_NAME"] == given["project_name"]


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_it_starts_with_one_commit_that_holds_everything(rendered: Rendered, name: str) -> None:
    project = rendered(name)
    log = subprocess.run(["git", "log", "--format=%s"], cwd=project, capture_output=True, text=True, check=True)
    status = subprocess.run(["git", "status", "--short"], cwd=project, capture_output=True, text=True, check=True)
    assert log.stdout.splitlines() == ["Scaffold with Slipway"]
    assert status.stdout == ""


def test_only_text_for_identity_is_rendered() -> None:
    """Code, TOML, Dockerfiles and other YAML carry no Jinja, and no Jinja file has logic."""
    allowed = {
        ".env.example.jinja",
        "common.env.jinja",
        "compose.images.yaml.jinja",
        "CODEOWNERS.jinja",
        "README.md.jinja",
        "{{ _copier_conf.answers_file }}.jinja",
    }
    templates = [path for path in (ROOT / "template").rglob("*.jinja") if ".nox" not in path.parts]
    assert {path.name for path in templates} == allowed
    assert [path for path in templates if "{%" in path.read_text(encoding="utf-8")] == []


def test_copier_itself_and_the_session_give_the_same_project(checkout: Path, tmp_path: Path) -> None:
    answers = ANSWERS / "backend.yml"
    by_copier, by_session = tmp_path / "copier" / "my-app", tmp_path / "session" / "my-app"
    copier = [sys.executable, "-m", "copier", "copy", "--defaults", "--vcs-ref", "HEAD"]
    assert run(*copier, "--data-file", answers, checkout, by_copier, cwd=checkout).returncode == 0
    session = nox(checkout, "-s", "new", "--", str(by_session), "--data-file", str(answers))
    assert session.returncode == 0, session.stdout
    assert "cd " in session.stdout
    assert "python3 noxfile.py -s dev" in session.stdout
    assert_same(by_copier, by_session)


def assert_same(left: Path, right: Path) -> None:
    """Expect the same files with the same content, what they were made from included."""
    assert files(left) == files(right)
    _, different, unreadable = filecmp.cmpfiles(left, right, files(left), shallow=False)
    assert (different, unreadable) == ([], [])
