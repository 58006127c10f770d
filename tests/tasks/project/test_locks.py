"""Lock files: written from the groups, kept where they fit, unchanged on failure, and reported when stale."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.core.errors import UserError
from tasks.project import locks
from tests.support import ROOT, nox, run

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
    assert locks.check() == []


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
    assert locks.check() == []


def test_the_session_passes_its_arguments_on() -> None:
    assert "--upgrade-package" in nox(ROOT, "-s", "lock", "--", "--help").stdout


def test_one_package_or_all_are_upgraded(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locks.write([])
    groups(project, "iniconfig")
    lock = project / "requirements" / "backend.txt"
    before = lock.read_text()
    for arguments in (["--upgrade"], ["--upgrade-package", "iniconfig"]):
        monkeypatch.setattr(sys, "argv", ["locks", *arguments])
        assert locks.main() is None
        assert lock.read_text() != before
        lock.write_text(before)


def test_a_failure_leaves_every_lock_as_it_was(project: Path) -> None:
    locks.write([])
    before = (project / "requirements" / "backend.txt").read_bytes()
    (project / "tasks" / "pyproject.toml").write_text('[dependency-groups]\ntools = ["iniconfig>=2000"]\n')
    groups(project, "iniconfig>=2.1")
    with pytest.raises(UserError, match=r"Cannot resolve requirements/dev.txt. Error of uv: .*iniconfig"):
        locks.write([])
    assert (project / "requirements" / "backend.txt").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "fault"),
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
def test_a_stale_lock_is_named(project: Path, change: object, fault: str) -> None:
    locks.write([])
    assert callable(change)
    change(project)
    assert any(found.startswith(fault) for found in locks.check())


def test_without_the_network_a_current_lock_passes_from_the_cache(project: Path) -> None:
    locks.write([])
    assert checked_without_network(project).returncode == 0


def test_without_the_network_an_unresolvable_lock_fails(project: Path) -> None:
    locks.write([])
    groups(project, "slipway-is-not-in-any-cache")
    done = checked_without_network(project)
    assert done.returncode == 1
    assert done.stdout.startswith("Cannot resolve requirements/backend.txt. Error of uv: ")
    assert len(done.stdout.splitlines()) == 1


def checked_without_network(project: Path) -> subprocess.CompletedProcess[str]:
    """Run the check where no index can be reached."""
    return run(sys.executable, "-m", "tasks", "project.locks", "--check", cwd=project, PYTHONPATH=str(ROOT), **NOWHERE)


def test_a_group_that_no_file_defines_is_named(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.slipway.locks]\nbackend = ["nobody"]\n')
    with pytest.raises(UserError, match="'nobody', which no file defines"):
        locks.write([])


def test_a_missing_table_is_reported(project: Path) -> None:
    (project / "pyproject.toml").write_text("")
    with pytest.raises(UserError, match=r"has no table \[tool\.slipway\.locks\]"):
        locks.locks()
