"""The sessions of tag `check`, as people call them."""

import json
import re

from tasks.checks.lint import CHECKS
from tests.support import nox
from tests.tasks.checked_project import CheckedProject

PASSES = "def test_it() -> None:\n    assert 1 + 1 == 2\n"


def test_chosen_tests_run_alone_and_are_not_held_to_the_coverage(checked: CheckedProject) -> None:
    checked.write("tests/test_planted.py", PASSES + PASSES.replace("test_it", "test_another"))
    done = checked.session("test", "tests/test_planted.py", "-k", "another", "-v")
    assert done.returncode == 0, done.stdout
    assert "tests/test_planted.py::test_another PASSED" in done.stdout
    assert "1 passed, 1 deselected" in done.stdout
    assert "coverage" not in done.stdout


def test_tests_use_the_database_that_the_environment_names(checked: CheckedProject) -> None:
    done = checked.session("test", "tests/projects", "-x", DATABASE_URL="postgresql://app:x@127.0.0.1:9/app")
    assert done.returncode == 1
    assert "127.0.0.1" in done.stdout
    assert checked.session("test", "tests/projects", "-x").returncode == 0


def test_types_can_be_checked_in_one_place(checked: CheckedProject) -> None:
    checked.write("src/backend/shared/planted.py", '"""Planted."""\n\nplanted: int = "1"\n')
    assert checked.session("typecheck", "tasks/core/bootstrap.py").returncode == 0
    assert checked.session("typecheck", "src/backend/shared/planted.py").returncode == 1


def test_one_check_of_the_database_can_be_run_by_its_name(checked: CheckedProject) -> None:
    done = checked.session("db_check", "--only", "heads", "--only", "hazards")
    assert done.returncode == 0, done.stdout
    assert "steps" not in done.stdout


def test_all_checks_may_run_side_by_side(checked: CheckedProject) -> None:
    checked.write("planted.yml", "a: 1\na: 2\n")
    checked.write("src/backend/shared/planted.py", '"""Planted."""\n\nplanted: int = "1"\n')
    done = nox(checked.folder, "-s", "lint", "typecheck", "-j", "auto")
    assert done.returncode == 1
    assert f"lint: 1 check of {len(CHECKS)} failed: yaml" in done.stdout
    assert "planted.py:3: error" in done.stdout
    assert _sessions_of(done.stdout) == {"lint", "typecheck"}
    listed = json.loads(nox(checked.folder, "-t", "check", "--list", "--json").stdout)
    assert {each["session"] for each in listed} >= {"lint", "typecheck", "test", "db_check"}


def _sessions_of(output: str) -> set[str]:
    return set(re.findall(r"^nox > Running session (\w+)$", output, re.MULTILINE))
