"""Faults in the application's code: a module where it calls what it is given, and one of which half is not tested."""

from tests.tasks.checked_project import CheckedProject
from tests.tasks.faults import COVERAGE, MODULE, Fault, file

CALLING = '''"""Planted."""

import subprocess


def planted(command: list[str]) -> None:
    """Run it."""
    subprocess.run(command, check=True)
'''
SECRET = '"""Planted."""\n\nPASSWORD = "hunter2"\n'
CONDITIONS = 20
BRANCH = "    if is_wanted:\n        number += 1\n"
BRANCHES = f"def planted(number: int, is_wanted: bool) -> int:\n{BRANCH * CONDITIONS}    return number\n"
TEST = f"from shared.planted import planted\n\n\ndef test_it() -> None:\n    assert planted(0, True) == {CONDITIONS}\n"


# The floor is the project's own; its other tests, which would be measured too, make no difference to this module.
ITS_TEST = ("tests/test_planted.py", "--cov=shared.planted")


def untested_branches(project: CheckedProject) -> None:
    """Plant a module whose every line is run by its test, and which of each condition only one way is."""
    project.write(MODULE, BRANCHES)
    project.write("tests/test_planted.py", TEST)


CODE_FAULTS = [
    Fault("lint", "rules", file(MODULE, CALLING), "planted.py:8:5: S603"),
    Fault("lint", "rules", file(MODULE, SECRET), "planted.py:3:12: S105"),
    Fault("test", "", untested_branches, "95.0% not reached. Total coverage: 75", arguments=ITS_TEST, guard=COVERAGE),
]
