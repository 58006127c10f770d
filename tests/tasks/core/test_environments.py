"""Environments are installed once, as locked, and failures are reported."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from tasks.core import environments
from tasks.core.errors import UserError
from tests.support import ROOT, nox, run

NOXFILE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import nox
from tasks.core.environments import install
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"

@nox.session
def tiny(session):
    install(session, "tiny")
    session.run("python", "-c", "import iniconfig; print('imported', iniconfig.__name__)")

@nox.session
def script(session):
    install(session, "tiny")
    session.run("pygmentize", "-V")

@nox.session(python=False)
def tools(session):
    for tool in (("ruff", "check"), ("pytest", "-W", "error")):
        session.run(sys.executable, "-m", *tool, "passes.py", success_codes=[0, 5], external=True)

@nox.session
def compiled(session):
    install(session, "tiny", compile_bytecode=True)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one session, whose lock has one requirement, pinned as the toolkit's tests have it."""
    pinned = pin("iniconfig")
    (tmp_path / "noxfile.py").write_text(NOXFILE, encoding="utf-8")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "tiny.txt").write_text(pinned, encoding="utf-8")
    return tmp_path


def pin(package: str) -> str:
    """The package's entry in the toolkit's lock for tests."""
    lock = (ROOT / "requirements" / "test.txt").read_text(encoding="utf-8")
    return str(re.findall(rf"^{package}==(?:.*\\\n)*.*\n", lock, re.MULTILINE)[0])


def test_install_runs_once_and_again_when_the_lock_changes(project: Path) -> None:
    first, second = nox(project, "-s", "tiny"), nox(project, "-s", "tiny")
    with (project / "requirements" / "tiny.txt").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    third = nox(project, "-s", "tiny")
    assert [run.returncode for run in (first, second, third)] == [0, 0, 0], first.stdout
    assert ["pip sync" in run.stdout for run in (first, second, third)] == [True, False, True]
    assert "imported iniconfig" in second.stdout


def test_install_catches_up_after_no_install(project: Path) -> None:
    assert nox(project, "-s", "tiny").returncode == 0
    (project / "requirements" / "tiny.txt").write_text("", encoding="utf-8")
    kept, lacking = nox(project, "-R", "-s", "tiny"), nox(project, "-s", "tiny")
    assert "imported iniconfig" in kept.stdout
    assert "pip sync" not in kept.stdout
    assert "pip sync" in lacking.stdout


def test_a_package_that_leaves_the_lock_leaves_the_environment(project: Path) -> None:
    lock = project / "requirements" / "tiny.txt"
    for packages in (("iniconfig", "pluggy"), ("iniconfig",)):
        lock.write_text("".join(map(pin, packages)), encoding="utf-8")
        assert nox(project, "-s", "tiny").returncode == 0
        assert set(packages_of(project / ".nox" / "tiny")) == set(packages)
    lock.write_text("", encoding="utf-8")
    assert nox(project, "-s", "compiled").returncode == 0
    assert packages_of(project / ".nox" / "compiled") == []


def test_a_missing_lock_is_reported_with_its_remedy(project: Path) -> None:
    (project / "requirements" / "tiny.txt").unlink()
    done = nox(project, "-s", "tiny")
    assert done.returncode == 1
    assert "requirements/tiny.txt is missing. Add tiny to [tool.slipway.locks] in pyproject.toml" in done.stdout
    assert "Traceback" not in done.stdout


def packages_of(environment: Path) -> list[str]:
    """The packages in an environment."""
    return [path.parent.name for path in environment.glob("lib/python*/site-packages/*/__init__.py")]


def test_the_environment_of_a_moved_or_copied_project_is_created_again(project: Path) -> None:
    (project / "requirements" / "tiny.txt").write_text(pin("pygments"), encoding="utf-8")
    assert nox(project, "-s", "script").returncode == 0
    copied = Path(shutil.copytree(project, project.parent / "copied", symlinks=True))
    project.rename(project.parent / "gone")
    first, second = nox(copied, "-s", "script"), nox(copied, "-s", "script")
    for done, is_new in ((first, True), (second, False)):
        assert "Pygments version" in done.stdout, done.stdout
        assert ("uv venv" in done.stdout) is is_new


def test_sessions_of_a_read_only_checkout_write_elsewhere(project: Path, small: Path, ordinary_user: list[str]) -> None:
    sources = {
        "noxfile.py": NOXFILE.replace("import nox\n", "import nox\nimport tasks.sessions\n", 1),
        "requirements/tiny.txt": (project / "requirements" / "tiny.txt").read_text(),
        "passes.py": '"""Nothing."""\n',
    }
    for name, text in sources.items():
        (small / name).parent.mkdir(exist_ok=True)
        (small / name).write_text(text)
    home = small.parent / "home"
    home.mkdir()
    home.chmod(0o777)
    small.chmod(0o555)
    command = [*ordinary_user, sys.executable, "-m", "nox", "-s", "tiny", "tools"]
    done = run(*command, cwd=small, HOME=str(home), XDG_CACHE_HOME=str(home))
    assert "imported iniconfig" in done.stdout, done.stdout
    assert "Session tools was successful" in done.stdout, done.stdout


@pytest.mark.usefixtures("uv")
def test_an_environment_is_exact_until_its_packages_or_the_lock_change(project: Path) -> None:
    environment = environments.separate("tiny")
    assert environments.is_exact(environment)
    (project / "link").symlink_to(environment)
    assert environments.is_exact(project / "link")
    more = environment / "more.txt"
    more.write_text(pin("pluggy"))
    assert run("uv", "pip", "install", f"--python={environment}", "-r", str(more), cwd=project).returncode == 0
    assert not environments.is_exact(environment)
    environments.synchronize(environment, Path("requirements/tiny.txt"))
    assert environments.is_exact(environment)
    (project / "requirements" / "tiny.txt").write_text("")
    assert not environments.is_exact(environment)


@pytest.mark.parametrize(
    ("session", "environment", "expected"),
    [("tiny", {}, False), ("compiled", {}, True), ("tiny", {"PYTHONDONTWRITEBYTECODE": "1"}, True)],
)
def test_install_compiles_bytecode_on_request_or_if_processes_cannot(
    project: Path, session: str, environment: dict[str, str], expected: bool
) -> None:
    done = nox(project, "-s", session, "--install-only", **{"PYTHONDONTWRITEBYTECODE": "", **environment})
    assert done.returncode == 0, done.stdout
    assert bool(list(project.glob(".nox/*/lib/python*/site-packages/iniconfig/**/*.pyc"))) is expected


def test_install_refuses_a_package_with_another_hash(project: Path) -> None:
    lock = project / "requirements" / "tiny.txt"
    lock.write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", lock.read_text(encoding="utf-8")), encoding="utf-8")
    session = nox(project, "-s", "tiny")
    assert session.returncode == 1
    assert "Hash mismatch" in session.stdout
    assert "imported" not in session.stdout


def test_install_without_a_network_is_reported(project: Path, tmp_path: Path) -> None:
    closed = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    session = nox(project, "-s", "tiny", UV_CACHE_DIR=str(tmp_path / "cache"), **closed)
    assert session.returncode == 1
    output = session.stdout.partition("Cannot install requirements/tiny.txt:\n")[2]
    assert "Failed to fetch" in output
    assert "http://127.0.0.1:9/simple/iniconfig/" in output
    assert "Connection refused" in output
    assert output.splitlines()[-2:] == [environments.FIRST_RUN, "nox > Session tiny failed."]
    again = nox(project, "-s", "tiny")
    assert again.returncode == 0, again.stdout


@pytest.fixture
def uv(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project as working folder, with an environment around it; the path of uv, which may be replaced."""
    monkeypatch.chdir(project)
    monkeypatch.setattr(sys, "prefix", str(project / "environment"))
    found = Path(find_uv_bin())
    monkeypatch.setenv("UV", str(found))
    return found


@pytest.mark.usefixtures("uv")
def test_separate_creates_an_environment_and_updates_it_when_the_lock_changes(project: Path) -> None:
    environment = environments.separate("tiny")
    assert environment == project / "environment" / "others" / "tiny"
    assert list(environment.glob("lib/python*/site-packages/iniconfig"))
    (project / "requirements" / "tiny.txt").write_text(pin("pluggy"), encoding="utf-8")
    assert environments.separate("tiny") == environment
    assert packages_of(environment) == ["pluggy"]


@pytest.mark.usefixtures("uv")
def test_separate_reports_what_is_wrong(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"^requirements/other\.txt is missing\. Create it: nox -s lock$"):
        environments.separate("other")
    (project / "requirements" / "tiny.txt").write_text("nonsense nonsense\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"^uv pip failed: "):
        environments.separate("tiny")
    monkeypatch.setenv("UV", "/nowhere/uv")
    with pytest.raises(UserError, match=r"^uv is not installed\. Run this as a nox session, which provides uv\.$"):
        environments.separate("tiny")
