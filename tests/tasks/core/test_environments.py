"""How a session gets what it needs: once, as locked, and with plain words where that fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import ROOT, nox

NOXFILE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import nox
from tasks.environment import install
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"

@nox.session
def tiny(session):
    install(session, "tiny")
    session.run("python", "-c", "import iniconfig; print('imported', iniconfig.__name__)")

@nox.session
def compiled(session):
    install(session, "tiny", compile_bytecode=True)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one session, whose lock has one requirement, pinned as the toolkit's tests have it."""
    lock = (ROOT / "requirements" / "test.txt").read_text(encoding="utf-8")
    pinned = re.findall(r"^iniconfig==(?:.*\\\n)*.*\n", lock, re.MULTILINE)
    (tmp_path / "noxfile.py").write_text(NOXFILE, encoding="utf-8")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "tiny.txt").write_text(pinned[0], encoding="utf-8")
    return tmp_path


def test_a_lock_is_installed_once_and_again_when_it_changes(project: Path) -> None:
    first, second = nox(project, "-s", "tiny"), nox(project, "-s", "tiny")
    with (project / "requirements" / "tiny.txt").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    third = nox(project, "-s", "tiny")
    assert [run.returncode for run in (first, second, third)] == [0, 0, 0], first.stdout
    assert ["pip install" in run.stdout for run in (first, second, third)] == [True, False, True]
    assert "imported iniconfig" in second.stdout


def test_what_was_not_installed_on_request_is_installed_without_it(project: Path) -> None:
    assert nox(project, "-s", "tiny").returncode == 0
    (project / "requirements" / "tiny.txt").write_text("", encoding="utf-8")
    kept, lacking = nox(project, "-R", "-s", "tiny"), nox(project, "-s", "tiny")
    assert "imported iniconfig" in kept.stdout
    assert "pip install" not in kept.stdout
    assert "pip install" in lacking.stdout


@pytest.mark.parametrize(
    ("session", "environment", "expected"),
    [("tiny", {}, False), ("compiled", {}, True), ("tiny", {"PYTHONDONTWRITEBYTECODE": "1"}, True)],
)
def test_bytecode_is_there_at_once_where_no_process_or_many_would_write_it(
    project: Path, session: str, environment: dict[str, str], expected: bool
) -> None:
    done = nox(project, "-s", session, "--install-only", **{"PYTHONDONTWRITEBYTECODE": "", **environment})
    assert done.returncode == 0, done.stdout
    assert bool(list(project.glob(".nox/*/lib/python*/site-packages/iniconfig/**/*.pyc"))) is expected


def test_a_package_that_is_not_the_locked_one_is_refused(project: Path) -> None:
    lock = project / "requirements" / "tiny.txt"
    lock.write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", lock.read_text(encoding="utf-8")), encoding="utf-8")
    session = nox(project, "-s", "tiny")
    assert session.returncode == 1
    assert "Hash mismatch" in session.stdout
    assert "imported" not in session.stdout


def test_without_a_network_the_session_says_what_it_needs(project: Path, tmp_path: Path) -> None:
    closed = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    session = nox(project, "-s", "tiny", UV_CACHE_DIR=str(tmp_path / "cache"), **closed)
    assert session.returncode == 1
    said = session.stdout.partition("pip install --require-hashes -r requirements/tiny.txt\n")[2].splitlines()
    nox_says, reason, advice, *rest = said
    assert rest == []
    assert nox_says.endswith("failed with exit code 2")
    assert "could not install requirements/tiny.txt: Failed to fetch: http://127.0.0.1:9/simple/iniconfig/" in reason
    assert "Connection refused" in reason
    assert advice.startswith("A first run needs PyPI, or the index that uv is configured for; uv's words: ")
    log = project / advice.rstrip(".").rpartition(" ")[2]
    assert "client error (Connect)" in log.read_text(encoding="utf-8")
    again = nox(project, "-s", "tiny")
    assert again.returncode == 0, again.stdout
