"""`nox -s update` turns a project into a fresh copy of the new version and keeps the team's edits."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from copier import run_copy

from tasks.project.parts import PARTS
from tests.support import ROOT, commit, run, snapshot
from tests.test_render import assert_same
from toolkit.git import git

OLD, NEW = "v1.0.0", "v1.1.0"
CHECKOUT = r"actions/checkout@[0-9a-f]{40}"
NOX = r"nox\[uv\]==\S+(?=\"\])"
MAIN = ".github/workflows/main.yml"
FEW = (
    *(
        "copier.yml",
        "tasks/*.py",
        "tasks/core",
        "tasks/project",
        "tasks/frontend",
        "tasks/monitoring",
        ":(glob)template/*",
    ),
    *("template/.github", ":(glob)template/src/frontend/*.md", "template/infra", "template/docs"),
)


def versions(copy: Path, *paths: str) -> Path:
    """The working tree or these paths of it as version 1.0.0; in 1.1.0 files change, one is new, one is removed."""
    snapshot(copy, *paths)
    git(copy, "tag", OLD)
    replace(copy / "tasks" / "core" / "errors.py", r"\Z", "\n# Changed upstream.\n")
    (copy / "tasks" / "fresh.py").write_text('"""New upstream."""\n', encoding="utf-8")
    (copy / "template" / "AGENTS.md").unlink()
    replace(copy / "template" / "README.md.jinja", "## Map\n", "## Map of the project\n")
    replace(copy / "template" / "noxfile.py", NOX, "nox[uv]==2098.1.1")
    replace(copy / "template" / MAIN, CHECKOUT, f"actions/checkout@{'2' * 40}")
    commit(copy, NEW)
    git(copy, "tag", NEW)
    return copy


@pytest.fixture(scope="module")
def scaffolded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of version 1.0.0 with few files, which is quick to update."""
    folder = tmp_path_factory.mktemp("few")
    return scaffold(versions(folder / "slipway", *FEW), OLD, folder / "my-app")


@pytest.fixture
def project(scaffolded: Path, tmp_path: Path) -> Path:
    """A copy of it, to be updated."""
    return Path(shutil.copytree(scaffolded, tmp_path / "my-app", symlinks=True))


def scaffold(template: Path, version: str, target: Path) -> Path:
    """A committed project."""
    run_copy(str(template), target, data={"project_name": "My App"}, defaults=True, quiet=True, vcs_ref=version)
    git(target, "init", "--quiet", "--initial-branch=main")
    commit(target)
    return target


def replace(path: Path, old: str, new: str) -> None:
    """Replace a pattern wherever the file has it."""
    text, found = re.subn(old, new, path.read_text(encoding="utf-8"))
    assert found
    path.write_text(text, encoding="utf-8")


def update(project: Path, *arguments: str) -> tuple[int, str]:
    """Run the command behind `nox -s update`; returns the exit code and the output."""
    done = run(sys.executable, "-m", "tasks", "project.update", *arguments, cwd=project)
    return done.returncode, done.stdout


def conflicts(project: Path) -> set[str]:
    """The files with conflict markers; Copier exits 0 on them."""
    return set(run("git", "grep", "-lE", "^(<<<<<<<|>>>>>>>) ", cwd=project).stdout.splitlines())


@pytest.mark.slow
def test_unedited_project_becomes_a_fresh_copy(tmp_path: Path) -> None:
    template = versions(tmp_path / "slipway")
    project = scaffold(template, OLD, tmp_path / "my-app")
    assert update(project, "--check") == (1, "Slipway has a newer version. Update to it: nox -s update\n")
    assert update(project) == (0, "Updated. Review the changes, then run nox -s setup and commit: git diff\n")
    assert update(project, "--check") == (0, "Up to date.\n")
    fresh = scaffold(template, NEW, tmp_path / "fresh" / "my-app")
    # Never overwritten: it is the team's.
    shutil.copy(ROOT / "template" / "noxfile.py", fresh)
    assert_same(project, fresh)


def test_edits_are_kept_and_conflict_only_where_both_sides_change_a_line(project: Path) -> None:
    added = {"README.md": "\nOurs too.\n", "pyproject.toml": "\n[tool.ours]\n"}
    for name, text in added.items():
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(text)
    replace(project / "noxfile.py", NOX, "nox[uv]==2099.1.1")
    replace(project / MAIN, CHECKOUT, f"actions/checkout@{'1' * 40}")
    ours = project / ".github" / "workflows" / "ours.yml"
    ours.write_text(f"on: push\n# actions/checkout@{'1' * 40}\n", encoding="utf-8")
    (project / "src" / "backend").mkdir(parents=True)
    (project / "src" / "backend" / "billing.py").write_text('"""Ours."""\n', encoding="utf-8")
    kept = {path: path.read_text(encoding="utf-8") for path in (project / "noxfile.py", ours)}
    commit(project)
    assert update(project) == (1, f"Updated, with conflicts to resolve before the commit: {MAIN}.\n")
    assert conflicts(project) == {MAIN}
    assert {path: path.read_text(encoding="utf-8") for path in kept} == kept
    for name, text in added.items():
        assert (project / name).read_text(encoding="utf-8").endswith(text), name
    assert "## Map of the project\n" in (project / "README.md").read_text(encoding="utf-8")
    assert (project / "src" / "backend" / "billing.py").exists()
    assert (project / "tasks" / "fresh.py").exists()
    assert not (project / "AGENTS.md").exists()


def test_a_part_is_removed_and_added_by_an_update_with_other_answers(project: Path) -> None:
    owned = [project / path for part in PARTS for path in part.owns]
    assert [path for path in owned if not path.is_dir()] == []
    (project / "src/ours.md").write_text("Ours.\n", encoding="utf-8")
    commit(project)
    for answer in ("[]", "[frontend,monitoring]"):
        done = run(sys.executable, "-m", "copier", "update", "--defaults", f"--data=parts={answer}", cwd=project)
        assert done.returncode == 0, done.stdout
        assert {path.exists() for path in owned} == {answer != "[]"}
        assert (project / "src/ours.md").exists()
        commit(project)


def test_update_that_is_not_possible_is_reported_in_one_line(project: Path) -> None:
    answers = project / ".copier-answers.yml"
    (project / "README.md").write_text("Ours.\n", encoding="utf-8")
    found = [update(project)]
    for source in ("/nowhere/slipway", "http://127.0.0.1:9/slipway.git"):
        replace(answers, "_src_path: .*", f"_src_path: {source}")
        commit(project)
        found.append(update(project))
    reasons = ["commit or stash", "must be a directory", "Failed to connect"]
    for (code, output), reason in zip(found, reasons, strict=True):
        assert (code, output.count("\n")) == (1, 1)
        assert output.startswith("Cannot update from the _src_path in .copier-answers.yml: "), output
        assert reason in output
    assert (project / "README.md").read_text(encoding="utf-8") == "Ours.\n"
