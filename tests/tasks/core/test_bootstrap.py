"""`python3 noxfile.py` needs only Python, and reports what is wrong where it cannot run."""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
import venv
from pathlib import Path

import pytest

from tasks.core import bootstrap
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


def test_bootstrap_installs_nox_once_whatever_the_environment(bare_python: Path, project: Path) -> None:
    """It replaces an environment without nox, as older versions left it where pip installed elsewhere."""
    version = ".".join(map(str, sys.version_info[:3]))
    broken = project / "cache" / "slipway" / f"nox-{pinned_nox()}-py{version}" / "bin" / "python"
    broken.parent.mkdir(parents=True)
    broken.symlink_to(bare_python)
    shadow = project / "shadow" / "nox" / "__init__.py"
    shadow.parent.mkdir(parents=True)
    shadow.write_text("raise SystemExit('the nox of PYTHONPATH')\n")
    cache = {"XDG_CACHE_HOME": str(project / "cache")}
    hostile = {"PYTHONPATH": str(project / "shadow"), "PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error"}
    hostile |= {"PIP_USER": "1", "PIP_TARGET": str(project / "target"), "PIP_NO_DEPS": "1", "PIP_DRY_RUN": "1"}
    first = run(bare_python, "noxfile.py", "-s", "hello", cwd=project, **cache, **hostile)
    second = run(bare_python, "noxfile.py", "-s", "hello", cwd=project, **cache, **hostile)
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


def test_an_environment_without_nox_is_not_used(bare_python: Path, project: Path) -> None:
    (project / "pip.conf").write_text(f"[install]\ntarget = {project / 'target'}\nno-deps = true\n")
    settings = {"XDG_CACHE_HOME": str(project / "cache"), "PIP_CONFIG_FILE": str(project / "pip.conf")}
    first = run(bare_python, "noxfile.py", "-s", "hello", cwd=project, **settings)
    assert first.returncode == 1
    assert first.stdout.splitlines()[-1] == "What to do: correct pip's settings, which pip config list shows."
    assert list((project / "cache" / "slipway").iterdir()) == []


KEPT = (
    *("PIP_CERT", "PIP_CONFIG_FILE", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL"),
    *("PIP_NO_CACHE_DIR", "PIP_NO_INDEX", "PIP_PROXY", "PIP_TRUSTED_HOST", "PYTHONDONTWRITEBYTECODE", "PYTHON_DIGEST"),
    *("UV", "UV_CACHE_DIR", "UV_CONFIG_FILE", "UV_DEFAULT_INDEX", "UV_INDEX_OURS_PASSWORD", "UV_INSECURE_HOST"),
)
DROPPED = (
    *("PIP_CONSTRAINT", "PIP_NO_BINARY", "PIP_PREFIX", "PIP_PYTHON", "PIP_REQUIRE_HASHES", "PIP_TARGET", "PIP_USER"),
    *("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONWARNINGS"),
    *("UV_CONSTRAINT", "UV_EXCLUDE_NEWER", "UV_MANAGED_PYTHON", "UV_NO_BINARY", "UV_NO_VERIFY_HASHES", "UV_RESOLUTION"),
)


def test_settings_of_indexes_networks_and_caches_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", dict.fromkeys((*KEPT, *DROPPED), "1"))
    bootstrap.drop_variables()
    assert tuple(os.environ) == KEPT


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
