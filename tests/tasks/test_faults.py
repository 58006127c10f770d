"""Every check has been seen to fail, for the fault that it is for and for no other, and to pass without it."""

import json

import pytest

from tasks.db_check import CHECKS as DB_CHECKS
from tasks.lint import CHECKS as LINT_CHECKS
from tasks.security.checks import CHECKS as SECURITY_CHECKS
from tests.support import nox
from tests.tasks.checked_project import CheckedProject
from tests.tasks.faults import COVERAGE, FAULTS as SOURCE_FAULTS, Fault
from tests.tasks.security_faults import SECURITY_FAULTS

FAULTS = [*SOURCE_FAULTS, *SECURITY_FAULTS]


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


@pytest.mark.parametrize("session", sorted({fault.session for fault in FAULTS}))
def test_without_a_fault_the_check_passes(checked: CheckedProject, session: str) -> None:
    done = checked.session(session)
    assert done.returncode == 0, done.stdout


def test_every_check_has_a_planted_fault(checked: CheckedProject) -> None:
    listed = json.loads(nox(checked.folder, "-t", "check", "--list", "--json").stdout)
    assert {fault.session for fault in FAULTS} == {each["session"] for each in listed}
    assert {fault.check for fault in FAULTS if fault.session == "lint"} == {check.name for check in LINT_CHECKS}
    assert {fault.check for fault in FAULTS if fault.session == "db_check"} == set(DB_CHECKS)
    guards = {path.stem for path in (checked.folder / "tests").glob("test_*.py")} | {COVERAGE, "test_planted"}
    assert {fault.guard for fault in FAULTS if fault.session == "test"} == guards
    security = {check.name for check in SECURITY_CHECKS} | {"accepted"}
    assert {fault.check for fault in FAULTS if fault.session == "security"} == security
