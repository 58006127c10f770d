"""`python3 noxfile.py` needs only Python, and reports what is wrong where it cannot run."""

from __future__ import annotations

import ast
import re
import shutil
import sys
import venv
from pathlib import Path

import pytest

from tests.support import ROOT, run

PRETEND_OLD = """
import runpy, sys
sys.version_info, sys.argv = (3, 9, 1), ["noxfile.py"]
runpy.run_path("noxfile.py", run_name="__main__")
"""
NOXFILES = [ROOT / "noxfile.py", ROOT / "template" / "noxfile.py"]


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has neither nox nor uv."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with `tasks` and a noxfile of one session."""
    shutil.copytree(ROOT / "tasks", tmp_path / "tasks", ignore=shutil.ignore_patterns("sessions", "__pycache__"))
    header = (ROOT / "template" / "noxfile.py").read_text(encoding="utf-8").split("import nox\n")[0]
    session = (
        "from importlib import metadata\n\nimport nox\n\n\n@nox.session(venv_backend='none')\n"
        "def hello(session):\n    print('hello from nox', metadata.version('nox'))\n"
    )
    (tmp_path / "noxfile.py").write_text(header + session, encoding="utf-8")
    return tmp_path


def test_bootstrap_installs_nox_once(bare_python: Path, project: Path) -> None:
    cache = {"XDG_CACHE_HOME": str(project / "cache")}
    first = run(bare_python, "noxfile.py", "-s", "hello", cwd=project, **cache)
    second = run(bare_python, "noxfile.py", "-s", "hello", cwd=project, **cache)
    assert (first.returncode, second.returncode) == (0, 0), first.stdout + second.stdout
    assert first.stdout.startswith("First run: installing nox[uv]==")
    assert "First run" not in second.stdout
    assert "hello from nox" in second.stdout
    assert len(list((project / "cache" / "slipway").iterdir())) == 1


def test_first_run_without_a_network_is_reported_and_leaves_nothing(bare_python: Path, project: Path) -> None:
    closed = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": "/dev/null"}
    first = run(bare_python, "noxfile.py", "-s", "hello", cwd=project, XDG_CACHE_HOME=str(project / "cache"), **closed)
    assert first.returncode == 1
    assert [line.split(":")[0] for line in first.stdout.splitlines()] == ["First run", "First run failed", "What to do"]
    assert "PyPI" in first.stdout
    assert list((project / "cache" / "slipway").iterdir()) == []


def test_read_only_cache_is_reported(bare_python: Path, project: Path) -> None:
    (project / "cache").write_text("")
    first = run(bare_python, "noxfile.py", "-s", "hello", cwd=project, XDG_CACHE_HOME=str(project / "cache"))
    assert first.returncode == 1
    assert first.stdout.splitlines()[-1] == "Set XDG_CACHE_HOME to another folder."


def test_old_python_is_refused_in_two_lines(project: Path) -> None:
    refused = run(sys.executable, "-c", PRETEND_OLD, cwd=project)
    assert refused.returncode == 1
    assert refused.stdout.splitlines() == [
        "Python 3.9 is too old, this project needs 3.11 or newer.",
        "Run the same command with a newer one, for example: python3.11 noxfile.py",
    ]


@pytest.mark.parametrize("source", ["", "tasks/__init__.py", "tasks/core/__init__.py", "tasks/core/bootstrap.py"])
def test_bootstrap_is_syntax_that_old_pythons_parse(source: str) -> None:
    for path in [ROOT / source] if source else NOXFILES:
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_nox_has_the_same_pin_everywhere() -> None:
    pins = {
        re.findall(r"nox\[uv\]==[\d.]+", path.read_text(encoding="utf-8"))[0]
        for path in (*NOXFILES, ROOT / "tasks" / "pyproject.toml")
    }
    assert len(pins) == 1


RUNNERS = {
    "uvx nox": ["uv", "tool", "run", "nox"],
    "uv run noxfile.py": ["uv", "run", "--no-project", "noxfile.py"],
    "pipx run nox": ["pipx", "run", "nox"],
}


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_other_runners_use_the_same_nox(project: Path, runner: list[str]) -> None:
    """They read the script header, as bootstrap does."""
    program = shutil.which(runner[0], path=str(Path(sys.executable).parent))
    assert program is not None
    private = {"PIPX_HOME": str(project / "pipx"), "UV_TOOL_DIR": str(project / "uv")}
    session = run(program, *runner[1:], "-s", "hello", cwd=project, **private)
    assert session.returncode == 0, session.stdout
    assert f"hello from nox {pinned_nox()}" in session.stdout


def pinned_nox() -> str:
    """The version that the noxfiles pin."""
    return NOXFILES[0].read_text(encoding="utf-8").partition("nox[uv]==")[2].partition('"')[0]
