"""Every check has been seen to fail for each fault that it is for, and to pass without one."""

import json
import re

import pytest

from tasks.checks.lint import CHECKS as LINT_CHECKS
from tasks.checks.migrations import CHECKS as DB_CHECKS
from tasks.checks.security.checks import SCANNERS
from tests.support import nox
from tests.tasks.checked_project import CheckedProject
from tests.tasks.faults import COVERAGE, GROUPS as SOURCE_GROUPS, MODULE, TESTS, Group
from tests.tasks.security_faults import SECURITY_GROUPS

GROUPS = [*SOURCE_GROUPS, *SECURITY_GROUPS]
CONDITIONS = 20
BRANCH = "    if is_wanted:\n        number += 1\n"
BRANCHES = f"def planted(number: int, is_wanted: bool) -> int:\n{BRANCH * CONDITIONS}    return number\n"
ITS_TEST = (
    f"from shared.planted import planted\n\n\ndef test_it() -> None:\n    assert planted(0, True) == {CONDITIONS}\n"
)
PASSING = [
    ("db_check", (), "ok\n"),
    ("lint", (), "ok\n"),
    ("security", ("--only", "code"), "no findings"),
    ("test", ("tests/test_contract.py", "tests/test_env_example.py"), "passed"),
    ("typecheck", (), "no issues found"),
]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group.session}-{group.faults[0].check}")
def test_planted_faults_are_found(checked: CheckedProject, group: Group) -> None:
    for fault in group.faults:
        fault.plant(checked)
    done = checked.session(group.session, *group.arguments)
    assert done.returncode == 1, done.stdout
    assert [fault.found for fault in group.faults if fault.found not in done.stdout] == [], done.stdout
    assert "Traceback" not in done.stdout
    if group.session not in {"test", "typecheck"}:
        [failed] = re.findall(rf"^{group.session}: \d+ checks? of \d+ failed: (.+)$", done.stdout, re.MULTILINE)
        assert {*failed.split(", ")} == {fault.check for fault in group.faults}, done.stdout


def test_untested_branches_fail_the_coverage(checked: CheckedProject) -> None:
    """The floor is the project's own; of each condition in the module, only one way is tested."""
    checked.write(MODULE, BRANCHES)
    checked.write("tests/test_planted.py", ITS_TEST)
    arguments = ("tests/test_planted.py", "--cov=shared.planted")
    done = checked.session("test", *arguments)
    assert done.returncode == 1
    assert "95.0% not reached. Total coverage: 75" in done.stdout, done.stdout
    checked.replace("pyproject.toml", "branch = true\n", "branch = false\n")
    done = checked.session("test", *arguments)
    assert done.returncode == 0, done.stdout
    assert "Required test coverage of 95.0% reached. Total coverage: 100.00%" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("session", "arguments", "output"), PASSING, ids=[name for name, _, _ in PASSING])
def test_without_a_fault_the_check_passes(
    checked: CheckedProject, session: str, arguments: tuple[str, ...], output: str
) -> None:
    done = checked.session(session, *arguments)
    assert done.returncode == 0, done.stdout
    assert output in done.stdout


def test_every_check_has_a_planted_fault(checked: CheckedProject) -> None:
    listed = json.loads(nox(checked.folder, "-t", "check", "--list", "--json").stdout)
    planted: dict[str, set[str]] = {}
    for group in GROUPS:
        planted.setdefault(group.session, set()).update(fault.check for fault in group.faults)
    assert {*planted} == {name for name, _, _ in PASSING} == {each["session"] for each in listed}
    # The toolkit's own contracts; see test_imports.
    assert planted["lint"] == {check.name for check in LINT_CHECKS} - {"imports"}
    assert planted["db_check"] == {*DB_CHECKS}
    guards = {path.stem for path in (checked.folder / "tests").glob("test_*.py")}
    assert planted["test"] == guards | {COVERAGE, TESTS[0].check}
    assert planted["security"] == {scanner.name for scanner in SCANNERS} | {"accepted"}
