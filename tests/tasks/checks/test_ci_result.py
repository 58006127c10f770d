"""`nox -s ci_result` judges the results of the other CI jobs."""

import json
import subprocess
import sys

import pytest

from tests.support import ROOT, run


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_ci_has_not_passed_unless_every_job_succeeded(result: str) -> None:
    done = judge(json.dumps({"lint": {"result": "success"}, "test": {"result": result}}))
    assert done.returncode == 1
    assert f"test has not succeeded: {result}" in done.stdout
    assert "Not succeeded: test." in done.stdout


def test_ci_has_passed_when_every_job_succeeded() -> None:
    assert judge(json.dumps({"lint": {"result": "success"}, "test": {"result": "success"}})).returncode == 0


@pytest.mark.parametrize("needs", ["", "{}", "[]", "{", '{"lint": 1}', '{"lint": {}}'])
def test_results_that_say_nothing_are_no_pass(needs: str) -> None:
    done = judge(needs)
    assert done.returncode == 1
    assert "NEEDS" in done.stdout
    assert "Traceback" not in done.stdout


def judge(needs: str) -> subprocess.CompletedProcess[str]:
    """Run what CI's last job runs."""
    return run(sys.executable, "-m", "tasks.checks.ci_result", cwd=ROOT, NEEDS=needs)
