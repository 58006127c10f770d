"""A check is skipped only where none of its inputs has changed since it passed."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.core import check_cache
from tasks.core.environments import INCOMPLETE
from tests.support import ROOT, commit, nox
from toolkit.git import git

NOXFILE = """
import sys
import nox
from tasks.core.check_cache import run_check

@nox.session(venv_backend="venv", reuse_venv=True)
def check(session):
    code = "import sys; open('runs', 'a').write('x'); sys.exit(open('result').read() or 0)"
    run_check(session, "python", "-c", code, max_age=3600, env={"A": "1"})
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one check that counts its runs and fails while the file `result` has text."""
    folder = tmp_path_factory.mktemp("cached") / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "tasks").symlink_to(ROOT / "tasks")
    (folder / "noxfile.py").write_text(NOXFILE, encoding="utf-8")
    (folder / ".gitignore").write_text("runs\n.nox\n__pycache__\n", encoding="utf-8")
    (folder / "result").write_text("", encoding="utf-8")
    (folder / "src" / "a.py").write_text("a = 1\n", encoding="utf-8")
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def check(project: Path, *arguments: str, **environment: str) -> tuple[int, int]:
    """Run the check; its exit code and how often its command ran."""
    (project / "runs").write_text("", encoding="utf-8")
    done = nox(project, "-s", "check", *arguments, **{"CI": "", "SLIPWAY_ENVIRONMENTS": "", **environment})
    return done.returncode, len((project / "runs").read_text(encoding="utf-8"))


def test_check_runs_again_only_after_a_change_or_by_force(project: Path) -> None:
    assert check(project) == (0, 1)
    assert check(project) == (0, 0)
    assert check(project, "--", "--no-cache") == (0, 1)
    assert check(project, "--", "argument") == (0, 1)
    assert check(project, CI="true") == (0, 1)
    (project / "src" / "a.py").write_text("a = 3\n", encoding="utf-8")
    assert check(project, "--install-only") == (0, 0)
    assert check(project) == (0, 1)
    (project / "result").write_text("failed", encoding="utf-8")
    assert check(project) == (1, 1)
    assert check(project) == (1, 1)
    (project / "result").write_text("", encoding="utf-8")
    assert check(project) == (0, 0)


def test_pass_expires_and_an_incomplete_one_soon(project: Path) -> None:
    check(project)
    [stamp] = (project / ".nox").glob("*/passed.sha256")
    stamp.with_name(INCOMPLETE).touch()
    os.utime(stamp, (time.time() - 1000, time.time() - 1000))
    assert check(project) == (0, 1)
    assert check(project) == (0, 0)
    os.utime(stamp, (0, 0))
    assert check(project) == (0, 1)


def changed_file(project: Path) -> None:
    (project / "src" / "a.py").write_text("a = 2\n", encoding="utf-8")


def new_file(project: Path) -> None:
    (project / "src" / "b.py").write_text("", encoding="utf-8")


def deleted_file(project: Path) -> None:
    (project / "src" / "a.py").unlink()


def changed_mode(project: Path) -> None:
    (project / "src" / "a.py").chmod(0o755)


def linked_file(project: Path) -> None:
    (project / "linked" / "c.py").write_text("c = 2\n", encoding="utf-8")


def installed_package(project: Path) -> None:
    (project / "environment" / "requirements.sha256").write_text("2", encoding="utf-8")


CHANGES = [changed_file, new_file, deleted_file, changed_mode, linked_file, installed_package]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_digest_changes_with_each_input(change: Callable[[Path], None], tmp_path: Path) -> None:
    project = sample(tmp_path)
    before = check_cache.digest(project, project / "environment")
    assert check_cache.digest(project, project / "environment") == before
    change(project)
    assert check_cache.digest(project, project / "environment") != before


def test_digest_changes_with_variables_but_not_with_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = sample(tmp_path)
    before = check_cache.digest(project, project)
    monkeypatch.setenv("TERM_SESSION_ID", "2")
    assert check_cache.digest(project, project) == before
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x")
    assert check_cache.digest(project, project) != before


def test_digest_changes_with_the_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = sample(tmp_path)
    before = check_cache.digest(project, project)
    monkeypatch.setattr(sys, "version", "3.99")
    assert check_cache.digest(project, project) != before


def test_digest_changes_with_revisions_and_built_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = sample(tmp_path)
    reads = (check_cache.REVISIONS, check_cache.IMAGES)
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf 'sha256:1\\nsha256:0\\n'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    before = check_cache.digest(project, project, reads)
    assert check_cache.digest(project, project, reads) == before
    program.write_text("#!/bin/sh\nprintf 'sha256:0\\nsha256:1\\n'\n", encoding="utf-8")
    assert check_cache.digest(project, project, reads) == before
    git(project, "tag", "v1")
    tagged = check_cache.digest(project, project, reads)
    program.write_text("#!/bin/sh\necho sha256:2\n", encoding="utf-8")
    assert len({before, tagged, check_cache.digest(project, project, reads)}) == 3


def test_nothing_is_cached_without_git(tmp_path: Path) -> None:
    assert check_cache.digest(tmp_path, tmp_path) is None


def sample(folder: Path) -> Path:
    """A repository with a file, a linked folder outside of it, and an ignored environment."""
    project = folder / "project"
    for path in (project / "src", project / "environment", folder / "outside"):
        path.mkdir(parents=True)
    (project / "src" / "a.py").write_text("a = 1\n", encoding="utf-8")
    (project / ".gitignore").write_text("environment\n", encoding="utf-8")
    (project / "environment" / "requirements.sha256").write_text("1", encoding="utf-8")
    (folder / "outside" / "c.py").write_text("c = 1\n", encoding="utf-8")
    (project / "linked").symlink_to(folder / "outside")
    for repository in (folder / "outside", project):
        git(repository, "init", "--quiet")
        commit(repository)
    return project
