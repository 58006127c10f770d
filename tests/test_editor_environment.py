"""`nox -s editor`: the environment of editors, created again if it belongs to another machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from nox import virtualenv

from tasks.core import environments
from tests.support import ROOT, nox, run

PACKAGE = "annotated-types"
PYTHON = Path(".venv/bin/python")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose lock has one package."""
    (tmp_path / "requirements").mkdir()
    write_lock(tmp_path)
    (tmp_path / "tasks").symlink_to(ROOT / "tasks")
    return tmp_path


def write_lock(folder: Path) -> None:
    """Leave one package in the lock."""
    lock = (ROOT / "template" / "requirements" / "typecheck.txt").read_text()
    found = re.search(rf"^{PACKAGE}==.*(?:\n +--hash.*)+", lock, re.MULTILINE)
    assert found
    (folder / "requirements" / "typecheck.txt").write_text(f"{found[0]}\n")


def editor(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command behind the session."""
    return run(sys.executable, "-m", "tasks", "editor.venv", cwd=folder, UV=virtualenv.UV)


def test_the_session_sets_up_the_project_and_creates_the_environment(project: Path) -> None:
    write_lock(project)
    done = nox(project, "-s", "editor")
    assert done.returncode == 0, done.stdout
    assert (project / ".env.local").exists()
    assert run(project / PYTHON, "-c", "import annotated_types", cwd=project).returncode == 0


def test_the_lock_is_installed(folder: Path) -> None:
    done = editor(folder)
    assert done.returncode == 0, done.stdout
    assert run(folder / PYTHON, "-c", "import annotated_types", cwd=folder).returncode == 0


def test_an_environment_with_a_python_of_another_machine_is_created_again(folder: Path) -> None:
    assert editor(folder).returncode == 0
    (folder / PYTHON).unlink()
    (folder / PYTHON).symlink_to("/nowhere/bin/python")
    done = editor(folder)
    assert done.returncode == 0, done.stdout
    assert run(folder / PYTHON, "-c", "import annotated_types", cwd=folder).returncode == 0


def test_a_failed_installation_is_reported(folder: Path) -> None:
    (folder / "requirements" / "typecheck.txt").write_text("annotated-types==0.7.0 --hash=sha256:" + "0" * 64 + "\n")
    done = editor(folder)
    assert done.returncode == 1
    assert "Hash mismatch" in done.stdout
    assert done.stdout.splitlines()[-1] == environments.FIRST_RUN
    assert "Traceback" not in done.stdout


def test_the_environment_of_a_moved_project_is_created_again(folder: Path) -> None:
    assert editor(folder).returncode == 0
    moved = folder.rename(folder.parent / "moved")
    assert editor(moved).returncode == 0
    assert str(moved) in (moved / ".venv/bin/activate").read_text()
