"""`copier update` brings a project to the newest template and keeps what the team wrote."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from copier import run_copy, run_update

from tests.support import ROOT, commit, files, snapshot
from tests.test_render import assert_same
from toolkit.git import git

ANSWERS = {"project_name": "My App"}
CHECKOUT = "actions/checkout@"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A released template: the working tree as version 1.0.0, in a repository of its own."""
    copy = snapshot(tmp_path / "slipway")
    git(copy, "tag", "v1.0.0")
    return copy


def release(repository: Path, tag: str) -> None:
    """Commit everything and tag it."""
    commit(repository, tag)
    git(repository, "tag", tag)


def scaffold(template: Path, target: Path) -> Path:
    """A committed project from the newest release."""
    run_copy(str(template), target, data=ANSWERS, defaults=True, quiet=True)
    git(target, "init", "--quiet", "--initial-branch=main")
    commit(target)
    return target


def change_the_template(template: Path) -> None:
    """A second release: a file of ours changes, one appears, one goes, and text moves in a file that teams edit."""
    door = template / "tasks" / "door.py"
    door.write_text(door.read_text(encoding="utf-8") + "\n# changed upstream\n", encoding="utf-8")
    (template / "tasks" / "fresh.py").write_text('"""New upstream."""\n', encoding="utf-8")
    (template / "template" / "AGENTS.md").unlink()
    readme = template / "template" / "README.md.jinja"
    readme.write_text(readme.read_text(encoding="utf-8").replace("## Map\n", "## Map of it all\n"), encoding="utf-8")
    release(template, "v1.1.0")


def update(project: Path) -> None:
    run_update(project, defaults=True, overwrite=True, quiet=True)


def test_an_untouched_project_becomes_a_fresh_copy(template: Path, tmp_path: Path) -> None:
    project = scaffold(template, tmp_path / "old" / "my-app")
    change_the_template(template)
    update(project)
    assert_same(project, scaffold(template, tmp_path / "fresh" / "my-app"))


def test_what_the_team_wrote_stays(template: Path, tmp_path: Path) -> None:
    project = scaffold(template, tmp_path / "my-app")
    edits = {"noxfile.py": "\n# ours\n", "README.md": "\nOurs too.\n", "pyproject.toml": "\n[tool.ours]\n"}
    for name, text in edits.items():
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(text)
    (project / "src" / "backend" / "billing.py").write_text('"""Ours."""\n', encoding="utf-8")
    commit(project)
    change_the_template(template)
    update(project)
    for name, text in edits.items():
        assert (project / name).read_text(encoding="utf-8").endswith(text), name
    assert "## Map of it all" in (project / "README.md").read_text(encoding="utf-8")
    assert (project / "tasks" / "fresh.py").exists()
    assert not (project / "AGENTS.md").exists()
    assert "src/backend/billing.py" in files(project)
    assert conflicts(project) == ""


def test_pins_that_both_sides_raise_do_not_meet(template: Path, tmp_path: Path) -> None:
    project = scaffold(template, tmp_path / "my-app")
    theirs = {
        project / "noxfile.py": raised("noxfile.py", r"nox\[uv\]==\S+(?=\"\])", "nox[uv]==2099.1.1"),
        project / ".github" / "workflows" / "ours.yml": f"on: push\n# {CHECKOUT}{'1' * 40}\n",
    }
    for path, text in theirs.items():
        path.write_text(text, encoding="utf-8")
    commit(project)
    ours = raised(".github/workflows/main.yml", f"{CHECKOUT}[0-9a-f]{{40}}", f"{CHECKOUT}{'2' * 40}")
    (template / "template" / ".github" / "workflows" / "main.yml").write_text(ours, encoding="utf-8")
    header = raised("noxfile.py", r"nox\[uv\]==\S+(?=\"\])", "nox[uv]==2098.1.1")
    (template / "template" / "noxfile.py").write_text(header, encoding="utf-8")
    release(template, "v1.1.0")
    update(project)
    assert conflicts(project) == ""
    assert (project / ".github" / "workflows" / "main.yml").read_text(encoding="utf-8") == ours
    assert {path: path.read_text(encoding="utf-8") for path in theirs} == theirs


def test_a_pin_that_both_sides_raise_in_one_file_is_a_conflict(template: Path, tmp_path: Path) -> None:
    project = scaffold(template, tmp_path / "my-app")
    name = ".github/workflows/main.yml"
    for folder, digit in ((project, "1"), (template / "template", "2")):
        text = raised(name, f"{CHECKOUT}[0-9a-f]{{40}}", f"{CHECKOUT}{digit * 40}")
        (folder / name).write_text(text, encoding="utf-8")
    commit(project)
    release(template, "v1.1.0")
    update(project)
    assert name in conflicts(project)


def raised(name: str, old: str, new: str) -> str:
    """A file of the template with a pin raised wherever it stands."""
    text, places = re.subn(old, new, (ROOT / "template" / name).read_text(encoding="utf-8"))
    assert places
    return text


def conflicts(project: Path) -> str:
    """Lines of conflict markers in the files that git knows; Copier exits 0 on them."""
    command = ["git", "grep", "-nE", "^(<<<<<<<|>>>>>>>) "]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False).stdout
