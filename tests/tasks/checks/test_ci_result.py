"""`nox -s ci_result` judges the results of the other CI jobs."""

import json
import os

import pytest

from tasks.checks import ci_result
from tasks.core.errors import UserError
from tests.support import ROOT, nox


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_ci_fails_unless_every_job_succeeded(
    result: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEEDS", json.dumps({"lint": {"result": "success"}, "test": {"result": result}}))
    assert ci_result.main() == "Failed jobs: test."
    assert f"test did not succeed: {result}" in capsys.readouterr().out


def test_ci_passes_when_every_job_succeeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDS", json.dumps({"lint": {"result": "success"}, "test": {"result": "success"}}))
    assert ci_result.main() == 0


@pytest.mark.parametrize("needs", ["", "{}", "[]", "{", '{"lint": 1}', '{"lint": {}}'])
def test_missing_results_fail(needs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDS", needs)
    with pytest.raises(UserError, match="NEEDS has no results of jobs"):
        ci_result.main()


def test_the_session_fails_in_one_line() -> None:
    done = nox(ROOT, "-s", "ci_result", NEEDS="{}", PATH=os.environ["PATH"])
    assert done.returncode == 1
    assert "NEEDS has no results of jobs. Set it in the last job" in done.stdout
    assert "Traceback" not in done.stdout
