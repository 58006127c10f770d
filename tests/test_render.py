"""A scaffolded project: its files and its answers."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

from tests.support import ANSWER_SETS, ANSWERS, GOLDEN, ROOT, files, run, share_environments

Rendered = Callable[[str], Path]
# The command of the README.
COPY = 'copier copy "$PWD" ../my-app'
WINDOWS_FORBIDS = re.compile(r'[<>:"\\|?*]|[ .]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_files_equal_the_golden_list(rendered: Rendered, name: str) -> None:
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert files(rendered(name)) == golden, f"if intended: nox -s golden, then review tests/golden/{name}.txt"


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_file_names_are_valid_on_windows(rendered: Rendered, name: str) -> None:
    parts = {part for path in files(rendered(name)) for part in Path(path).parts}
    assert [part for part in parts if WINDOWS_FORBIDS.search(part)] == []


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_no_file_is_a_link_or_left_to_render(rendered: Rendered, name: str) -> None:
    project = rendered(name)
    assert [path for path in files(project) if (project / path).is_symlink()] == []
    assert [path for path in files(project) if path.endswith(".jinja") or "{{" in path] == []


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_answers_are_recorded_and_used_verbatim(rendered: Rendered, name: str) -> None:
    given = yaml.safe_load((ANSWERS / f"{name}.yml").read_text(encoding="utf-8"))
    project = rendered(name)
    stored = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    settings = dotenv_values(project / ".env.example", interpolate=False)
    assert {key: stored[key] for key in given} == given
    assert settings["APP_NAME"] == given["project_name"]


@pytest.mark.parametrize("name", ANSWER_SETS)
def test_first_commit_has_all_files(rendered: Rendered, name: str) -> None:
    project = rendered(name)
    log = subprocess.run(["git", "log", "--format=%s"], cwd=project, capture_output=True, text=True, check=True)
    status = subprocess.run(["git", "status", "--short"], cwd=project, capture_output=True, text=True, check=True)
    assert log.stdout.splitlines() == ["Scaffold with Slipway"]
    assert status.stdout == ""


@pytest.mark.parametrize(
    ("place", "generated", "written"),
    [
        (ROOT, "requirements/test.txt template/requirements/dev.txt", "tasks/core/errors.py template/noxfile.py"),
        (
            None,
            "tasks/core/errors.py tasks/README.md requirements/dev.txt src/frontend/package-lock.json",
            "noxfile.py",
        ),
    ],
    ids=["toolkit", "project"],
)
def test_git_checks_out_lf_and_github_hides_generated_files(
    rendered: Rendered, place: Path | None, generated: str, written: str
) -> None:
    folder = place or rendered("smallest")
    paths = [*generated.split(), *written.split()]
    output = run("git", "check-attr", "-z", "eol", "linguist-generated", "--", *paths, cwd=folder).stdout.split("\0")
    values = {(path, name): value for path, name, value in zip(output[::3], output[1::3], output[2::3], strict=False)}
    assert {value for (_, name), value in values.items() if name == "eol"} == {"lf"}
    assert [path for path in paths if values[path, "linguist-generated"] == "set"] == generated.split()


def test_a_clone_with_autocrlf_has_lf(rendered: Rendered, tmp_path: Path) -> None:
    run("git", "-c", "core.autocrlf=true", "clone", "--quiet", rendered("smallest"), tmp_path / "clone", cwd=tmp_path)
    scripts = [tmp_path / "clone" / name for name in ("noxfile.py", ".devcontainer/entrypoint.sh", "compose.yaml")]
    assert [path.name for path in scripts if b"\r" in path.read_bytes()] == []


def test_licenses_are_mit_for_the_toolkit_and_mit_0_for_projects(rendered: Rendered) -> None:
    toolkit, project = ((place / "LICENSE").read_text(encoding="utf-8") for place in (ROOT, rendered("smallest")))
    assert toolkit.startswith("MIT License\n")
    assert "\nMIT No Attribution\n" in project
    assert "shall be included in all" in toolkit
    assert "shall be included in all" not in project
    assert "Copyright (c) 2026 The Slipway authors" in toolkit
    assert "Copyright 2026 The Slipway authors" in project


def test_only_allowed_text_files_are_rendered() -> None:
    """Code, TOML, Dockerfiles and other YAML carry no Jinja, and no Jinja file has logic."""
    allowed = {
        ".env.example.jinja",
        "common.env.jinja",
        "compose.images.yaml.jinja",
        "CODEOWNERS.jinja",
        "config.yml.jinja",
        "README.md.jinja",
        "{{ _copier_conf.answers_file }}.jinja",
    }
    templates = [path for path in (ROOT / "template").rglob("*.jinja") if ".nox" not in path.parts]
    assert {path.name for path in templates} == allowed
    assert [path for path in templates if "{%" in path.read_text(encoding="utf-8")] == []


def test_copier_and_the_session_create_the_same_project(checkout: Path, environments: Path, tmp_path: Path) -> None:
    share_environments(checkout, environments, ["new"])
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    copied = run("sh", "-c", f"{COPY} --defaults --data-file {ANSWERS}/backend.yml", cwd=checkout, PATH=path)
    assert copied.returncode == 0, copied.stdout
    shutil.copy(ANSWERS / "backend.yml", tmp_path)
    new = ("-s", "new", "--", "new/my-app", "--data-file", "backend.yml")
    session = run(sys.executable, checkout / "noxfile.py", *new, cwd=tmp_path)
    assert session.returncode == 0, session.stdout
    assert f"  cd {tmp_path}/new/my-app\n  python3 noxfile.py -s dev\n" in session.stdout
    assert f"Its updates come from {checkout}; to change that, set _src_path" in session.stdout
    assert_same(checkout.parent / "my-app", tmp_path / "new/my-app")


def assert_same(left: Path, right: Path) -> None:
    """Expect the same files with the same content, .copier-answers.yml included."""
    assert files(left) == files(right)
    _, different, unreadable = filecmp.cmpfiles(left, right, files(left), shallow=False)
    assert (different, unreadable) == ([], [])
