"""Every check has been seen to fail, for the fault that it is for and for no other, and to pass without it."""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest

from tasks.checks import workflows
from tasks.checks.lint import CHECKS as LINT_CHECKS
from tasks.checks.migrations import CHECKS as DB_CHECKS
from tasks.checks.security.checks import CHECKS as SECURITY_CHECKS
from tasks.checks.workflows.__main__ import findings
from tasks.core.errors import UserError
from tests.support import nox
from tests.tasks.checked_project import CheckedProject
from tests.tasks.code_faults import CODE_FAULTS, ITS_TEST, untested_branches
from tests.tasks.faults import COVERAGE, FAULTS as SOURCE_FAULTS, MODULE, Fault
from tests.tasks.security_faults import SECURITY_FAULTS, WEAK

FAULTS = [*SOURCE_FAULTS, *CODE_FAULTS, *SECURITY_FAULTS]
PACKAGE = workflows.__path__
# How a session that is one check says that it has found one thing.
ALONE = {"typecheck": r"^Found 1 error in 1 file ", "test": r"^=* ?1 failed\b", COVERAGE: r"^=* ?\d+ passed\b"}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.session}-{fault.check}-{fault.found}")
def test_a_planted_fault_is_found(checked: CheckedProject, fault: Fault) -> None:
    fault.plant(checked)
    done = checked.session(fault.session, *fault.arguments)
    assert done.returncode == 1, done.stdout
    assert fault.found in done.stdout
    assert "Traceback" not in done.stdout
    if fault.check:
        assert f"{fault.session}: 1 check of " in done.stdout, done.stdout
        assert f" failed: {fault.check}\n" in done.stdout
    else:
        alone = ALONE[COVERAGE if fault.guard == COVERAGE else fault.session]
        assert re.search(alone, done.stdout, re.MULTILINE), done.stdout


def test_of_all_the_checks_of_security_one_fails_for_its_fault(checked: CheckedProject) -> None:
    checked.write(MODULE, WEAK)
    done = checked.session("security", OSV_URL="http://127.0.0.1:9/v1/query", CI="")
    assert done.returncode == 1
    assert f"\nsecurity: 1 check of {len(SECURITY_CHECKS) + 1} failed: code/bandit\n" in done.stdout
    assert re.findall(r" (FAILED|ERROR) *$", done.stdout, re.MULTILINE) == ["FAILED"]


def test_branches_alone_break_the_floor(checked: CheckedProject) -> None:
    untested_branches(checked)
    assert checked.session("test", *ITS_TEST).returncode == 1
    checked.replace("pyproject.toml", "branch = true\n", "branch = false\n")
    done = checked.session("test", *ITS_TEST)
    assert done.returncode == 0, done.stdout
    assert "Required test coverage of 95.0% reached. Total coverage: 100.00%" in done.stdout


@pytest.mark.parametrize(
    ("session", "said"),
    [
        ("db_check", "ok\n"),
        ("lint", "ok\n"),
        ("security", "nothing found"),
        ("test", "passed"),
        ("typecheck", "no issues found"),
    ],
)
def test_without_a_fault_the_check_passes(checked: CheckedProject, session: str, said: str) -> None:
    done = checked.session(session)
    assert done.returncode == 0, done.stdout
    assert said in done.stdout


def test_every_check_has_a_planted_fault(checked: CheckedProject) -> None:
    listed = json.loads(nox(checked.folder, "-t", "check", "--list", "--json").stdout)
    marked: Any = test_without_a_fault_the_check_passes
    [passing] = marked.pytestmark
    assert {fault.session for fault in FAULTS} == {each["session"] for each in listed}
    assert {name for name, _ in passing.args[1]} == {each["session"] for each in listed}
    assert {fault.check for fault in FAULTS if fault.session == "lint"} == {check.name for check in LINT_CHECKS}
    assert {fault.check for fault in FAULTS if fault.session == "db_check"} == set(DB_CHECKS)
    guards = {path.stem for path in (checked.folder / "tests").glob("test_*.py")} | {COVERAGE, "test_planted"}
    assert {fault.guard for fault in FAULTS if fault.session == "test"} == guards
    security = {check.name for check in SECURITY_CHECKS} | {"accepted"}
    assert {fault.check for fault in FAULTS if fault.session == "security"} == security


def test_every_rule_for_workflows_has_a_planted_fault(checked: CheckedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checked.folder)
    rules = rules_for_workflows()
    names = set(rules.values())
    assert {"holds_logic", "depends", "lets_a_failure_pass", "scans_nothing", "undescribed_sessions"} <= names
    for fault in FAULTS:
        if fault.check == "workflows":
            fault.plant(checked)
            found = finding_rules()
            names -= {name for code, name in rules.items() if code in found}
            checked.restore()
    assert not names


def rules_for_workflows() -> dict[CodeType, str]:
    """The name of every function there that yields findings: those in the tables of rules, and what these call."""
    functions = [each for module in modules() for _, each in inspect.getmembers(module, inspect.isgeneratorfunction)]
    return {each.__code__: each.__name__ for each in functions if each.__annotations__["return"] == Iterator[str]}


def finding_rules() -> set[CodeType]:
    """Those that yield a finding in the project as it is."""
    found = set()

    def watch(frame: FrameType, event: str, value: object) -> None:
        if event == "return" and isinstance(value, str):
            found.add(frame.f_code)

    for module in modules():
        for _, cached in inspect.getmembers(module, lambda each: hasattr(each, "cache_clear")):
            cached.cache_clear()
    sys.setprofile(watch)
    try:
        findings()
    except UserError:
        return found
    finally:
        sys.setprofile(None)
    return found


def modules() -> list[ModuleType]:
    """Those of the check of workflows."""
    return [importlib.import_module(f"tasks.checks.workflows.{each.name}") for each in pkgutil.iter_modules(PACKAGE)]
