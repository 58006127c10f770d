"""Lock files: written from the groups, kept where they fit, left alone on failure, and known when they are stale."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.checks import lock_check
from tasks.core.errors import UserError
from tasks.project import locks
from tests.support import ROOT, run
from tests.tasks.checked_project import CheckedProject

NOWHERE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9") | {"UV_HTTP_RETRIES": "0"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two small locks; the second has to agree with the first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UV", str(Path(sys.executable).parent / "uv"))
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "pyproject.toml").write_text('[dependency-groups]\ntools = ["iniconfig>=2"]\n')
    groups(tmp_path, "iniconfig<2.1")
    return tmp_path


def groups(project: Path, requirement: str) -> None:
    """Let the team's group ask for this."""
    (project / "pyproject.toml").write_text(
        f'[dependency-groups]\nteam = ["{requirement}"]\n'
        '[tool.slipway.locks]\nbackend = ["team"]\ndev = ["team", "tools"]\n'
    )


def test_locks_are_written_with_hashes_and_agree_with_each_other(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locks.write([])
    assert "requirements/backend.txt: + iniconfig 2.0.0" in capsys.readouterr().out
    assert (project / "requirements" / "backend.txt").read_text() == (project / "requirements" / "dev.txt").read_text()
    assert "--hash=sha256:" in (project / "requirements" / "dev.txt").read_text()
    assert lock_check.check(locks.lock_table()) == []


def test_a_lock_names_no_index_and_no_folder(project: Path) -> None:
    locks.write([])
    text = (project / "requirements" / "dev.txt").read_text()
    assert "://" not in text
    assert str(project) not in text


def test_pins_stay_until_an_upgrade_is_asked_for(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    locks.write([])
    groups(project, "iniconfig")
    locks.write([])
    assert capsys.readouterr().out.endswith("requirements/backend.txt: unchanged\nrequirements/dev.txt: unchanged\n")
    locks.write(["--upgrade-package=iniconfig"])
    assert "requirements/backend.txt: iniconfig 2.0.0 -> 2." in capsys.readouterr().out
    assert lock_check.check(locks.lock_table()) == []


def test_the_session_passes_upgrades_on(checked: CheckedProject) -> None:
    checked.replace("requirements/lint.txt", "pathspec==", "pathspec==0.11.2 ; python_version > '9'\npathspec==")
    assert "--upgrade-package" in checked.session("lock", "--help").stdout
    done = checked.session("lock", "--upgrade-package", "iniconfig")
    assert done.returncode == 0, done.stdout
    assert "requirements/backend.txt: unchanged" in done.stdout
    assert "requirements/lint.txt: " in done.stdout
    assert checked.session("lint", "--only", "locks").returncode == 0


def test_a_failure_leaves_every_lock_as_it_was(project: Path) -> None:
    locks.write([])
    before = (project / "requirements" / "backend.txt").read_bytes()
    (project / "tasks" / "pyproject.toml").write_text('[dependency-groups]\ntools = ["iniconfig>=2000"]\n')
    groups(project, "iniconfig>=2.1")
    with pytest.raises(UserError, match=r"Cannot resolve requirements/dev.txt; uv says: .*iniconfig"):
        locks.write([])
    assert (project / "requirements" / "backend.txt").read_bytes() == before


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda project: groups(project, "iniconfig>=2.1"), "requirements/backend.txt: stale: iniconfig 2.0.0 -> 2."),
        (lambda project: (project / "requirements" / "dev.txt").unlink(), "requirements/dev.txt: missing"),
        (
            lambda project: (project / "requirements" / "old.txt").touch(),
            "requirements/old.txt: not in [tool.slipway.locks]",
        ),
        (
            lambda project: (project / "requirements" / "dev.txt").write_text("iniconfig==2.0.0\n"),
            "requirements/dev.txt: stale: other hashes or conditions",
        ),
    ],
)
def test_a_lock_that_does_not_agree_is_named(project: Path, spoil: object, complaint: str) -> None:
    locks.write([])
    assert callable(spoil)
    spoil(project)
    assert any(found.startswith(complaint) for found in lock_check.check(locks.lock_table()))


def test_without_the_network_a_lock_that_agrees_is_known_from_the_cache(project: Path) -> None:
    locks.write([])
    assert checked_without_network(project).returncode == 0


def test_without_the_network_one_that_cannot_be_judged_has_not_passed(project: Path) -> None:
    locks.write([])
    groups(project, "slipway-is-not-in-any-cache")
    done = checked_without_network(project)
    assert done.returncode == 1
    assert done.stdout.startswith("Cannot resolve requirements/backend.txt; uv says: ")
    assert len(done.stdout.splitlines()) == 1


def checked_without_network(project: Path) -> subprocess.CompletedProcess[str]:
    """Run the check where no index can be reached."""
    return run(sys.executable, "-m", "tasks.checks.lock_check", cwd=project, PYTHONPATH=str(ROOT), **NOWHERE)


def test_a_group_that_no_file_defines_is_named(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.slipway.locks]\nbackend = ["nobody"]\n')
    with pytest.raises(UserError, match="'nobody', which no file defines"):
        locks.write([])


def test_a_lost_table_is_told(project: Path) -> None:
    (project / "pyproject.toml").write_text("")
    with pytest.raises(UserError, match=r"lost its table \[tool\.slipway\.locks\]"):
        locks.lock_table()
