"""The sessions of tag `check`, as people call them."""

import json
import re
from pathlib import Path

import pytest

from tasks.checks.lint import CHECKS
from tests.support import nox
from tests.tasks.checked_project import CheckedProject

PASSES = "def test_it() -> None:\n    assert 1 + 1 == 2\n"


def test_a_subset_of_tests_runs_without_coverage(checked: CheckedProject) -> None:
    checked.write("tests/test_planted.py", PASSES + PASSES.replace("test_it", "test_another"))
    done = checked.session("test", "tests/test_planted.py", "-k", "another", "-v")
    assert done.returncode == 0, done.stdout
    assert "tests/test_planted.py::test_another PASSED" in done.stdout
    assert "1 passed, 1 deselected" in done.stdout
    assert "coverage" not in done.stdout


@pytest.mark.slow
def test_tests_use_the_database_of_the_environment(checked: CheckedProject) -> None:
    done = checked.session("test", "tests/projects", "-x", DATABASE_URL="postgresql://app:x@127.0.0.1:9/app")
    assert done.returncode == 1
    assert "127.0.0.1" in done.stdout
    assert checked.session("test", "tests/projects", "-x").returncode == 0


def test_types_of_a_subset_are_checked(checked: CheckedProject) -> None:
    checked.write("src/backend/shared/planted.py", '"""Planted."""\n\nplanted: int = "1"\n')
    assert checked.session("typecheck", "src/backend/shared/health.py").returncode == 0
    assert checked.session("typecheck", "src/backend/shared/planted.py").returncode == 1


def test_one_check_of_the_database_is_run_by_its_name(checked: CheckedProject) -> None:
    done = checked.session("db_check", "--only", "heads", "--only", "hazards")
    assert done.returncode == 0, done.stdout
    assert "steps" not in done.stdout


def test_all_checks_may_run_side_by_side(checked: CheckedProject) -> None:
    checked.write("planted.yml", "a: 1\na: 2\n")
    checked.write("src/backend/shared/planted.py", '"""Planted."""\n\nplanted: int = "1"\n')
    done = nox(checked.folder, "-s", "lint", "typecheck", "-j", "auto")
    assert done.returncode == 1
    assert re.search(rf"lint: \d checks? of {len(CHECKS) - 1} failed: .*\byaml", done.stdout), done.stdout
    assert "planted.py:3: error" in done.stdout
    assert _sessions_of(done.stdout) == {"lint", "typecheck"}


def test_variables_of_python_and_uv_have_no_effect(checked: CheckedProject, tmp_path: Path) -> None:
    checked.write("shadow/yaml.py", "raise SystemExit('the yaml of PYTHONPATH')\n")
    hostile = {"PYTHONSAFEPATH": "1", "PYTHONPATH": "shadow", "UV_MANAGED_PYTHON": "1", "UV_CONSTRAINT": "/nowhere"}
    hostile |= {"UV_EXCLUDE_NEWER": "2020-01-01"}
    done = checked.session("lint", "--only", "workflows", SLIPWAY_ENVIRONMENTS=str(tmp_path), **hostile)
    assert done.returncode == 0, done.stdout


def test_ci_is_what_checks_and_more(checked: CheckedProject) -> None:
    tags = {tag: _tagged(checked, tag) for tag in ("check", "ci")}
    assert tags["check"] == {"lint", "typecheck", "test", "db_check", "security"}
    assert tags["ci"] == tags["check"] | {"e2e", "stack", "images", "devcontainer"}


def _tagged(project: CheckedProject, tag: str) -> set[str]:
    return {each["session"] for each in json.loads(nox(project.folder, "-t", tag, "--list", "--json").stdout)}


def _sessions_of(output: str) -> set[str]:
    return set(re.findall(r"^nox > Running session (\w+)$", output, re.MULTILINE))
