"""Consistency of files that belong together: docstrings of sessions, links, locks, suppressions."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.sessions import project
from tests.support import ROOT, run

Rendered = Callable[[str], Path]
LIGHT = {*sys.stdlib_module_names, "nox", "tasks", "toolkit"}


LIST_SESSIONS = """
import json, runpy
from nox import registry
runpy.run_path("noxfile.py", run_name="noxfile")
print(json.dumps({name: session.__doc__ for name, session in registry.get().items()}))
"""


def sessions(folder: Path) -> dict[str, str | None]:
    """The docstring of each session that the folder's noxfile registers."""
    listed = run(sys.executable, "-c", LIST_SESSIONS, cwd=folder)
    assert listed.returncode == 0, listed.stdout
    found: dict[str, str | None] = json.loads(listed.stdout)
    return found


@pytest.mark.parametrize("place", [".", "template"])
def test_session_docstrings_have_one_line(place: str) -> None:
    found = sessions(ROOT / place)
    assert found
    assert [name for name, text in found.items() if not text or "\n" in text] == []


def test_missing_session_docstring_is_found(tmp_path: Path) -> None:
    (tmp_path / "noxfile.py").write_text("import nox\n\n@nox.session\ndef mute(session):\n    pass\n")
    assert sessions(tmp_path) == {"mute": None}


def imported_at_listing() -> list[Path]:
    """The modules that nox imports to list the sessions."""
    sessions = [*(ROOT / "tasks" / "sessions").glob("*.py")]
    core = [ROOT / "tasks" / "core" / f"{name}.py" for name in ("bootstrap", "environments")]
    return [ROOT / "noxfile.py", ROOT / "template" / "noxfile.py", *core, *sessions]


def test_project_registers_every_module_of_sessions() -> None:
    found = {path.stem for path in (ROOT / "tasks" / "sessions").glob("*.py")}
    assert set(project.SUBJECTS) == found - {"__init__", "project"}


@pytest.mark.parametrize("source", imported_at_listing(), ids=lambda path: str(path.relative_to(ROOT)))
def test_listing_sessions_imports_only_the_standard_library_and_nox(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    imports = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    imports += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in imports} - LIGHT == set()


def test_tasks_of_the_template_is_a_link() -> None:
    link = ROOT / "template" / "tasks"
    assert link.is_symlink()
    assert link.resolve() == ROOT / "tasks"


def test_locks_name_no_index_and_hash_every_pin() -> None:
    for lock in [*ROOT.glob("requirements/*.txt"), *ROOT.glob("template/requirements/*.txt")]:
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock
        assert text.count("==") <= text.count("--hash=sha256:"), lock


# In two halves, so that this file does not match.
SUPPRESSION = re.compile(
    r"(#|//|<!--|/\*)\s*("
    "no"
    "qa|type:\\s*"
    "ignore|no"
    "sec|no"
    "semgrep|pragma: no "
    "cover|mypy: "
    "ignore|pyright: "
    "ignore"
    "|shellcheck "
    "disable|hadolint "
    "ignore|checkov:"
    "skip|zizmor: "
    "ignore|yamllint "
    "disable|rumdl-"
    "disable"
    "|eslint-"
    "disable|dclint "
    "disable)"
)


def suppressed(folder: Path) -> list[str]:
    """The tracked files with a comment that suppresses a finding."""
    tracked = run("git", "ls-files", "-z", cwd=folder).stdout.split("\0")
    names = [name for name in tracked if name and (folder / name).is_file()]
    return [name for name in names if SUPPRESSION.search((folder / name).read_text("utf-8", errors="replace"))]


def test_no_file_suppresses_a_finding() -> None:
    assert suppressed(ROOT) == []


def test_suppression_is_found(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "planted.py").write_text("import os  # no" + "qa\n")
    (tmp_path / "sound.py").write_text('OPTIONS = ["--ignore-no' + 'sec"]\n')
    run("git", "init", cwd=tmp_path)
    run("git", "add", ".", cwd=tmp_path)
    assert suppressed(tmp_path) == ["inner/planted.py"]


def test_every_answer_set_has_a_golden_list() -> None:
    assert len(list((ROOT / "tests" / "answers").glob("*.yml"))) >= 3
    for answers in (ROOT / "tests" / "answers").glob("*.yml"):
        assert (ROOT / "tests" / "golden" / f"{answers.stem}.txt").is_file()


def test_noxfiles_require_the_same_python() -> None:
    lines = {
        line
        for path in (ROOT / "noxfile.py", ROOT / "template" / "noxfile.py")
        for line in path.read_text().splitlines()
        if "requires-python" in line
    }
    assert lines == {'# requires-python = ">=3.11"'}


def test_every_lock_of_the_template_exists() -> None:
    config = tomllib.loads((ROOT / "template" / "pyproject.toml").read_text(encoding="utf-8"))
    for name in config["tool"]["slipway"]["locks"]:
        assert (ROOT / "template" / "requirements" / f"{name}.txt").is_file()
