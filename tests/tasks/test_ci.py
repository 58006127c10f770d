"""`nox -s ci` runs the jobs of CI's workflow as CI would; `nox -s ci_result` judges how CI's jobs ended."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.ci import machine
from tasks.ci.workflow import read_jobs
from tasks.trouble import Trouble
from tests.support import ROOT, run

NOXFILE = """
import os, sys

if __name__ == "__main__":
    os.execv(sys.executable, [sys.executable, "-m", "nox", *sys.argv[1:]])

import nox

@nox.session(python=False)
def good(session):
    print("good runs on", *sys.version_info[:2], *session.posargs)

@nox.session(python=False, tags=["containers"])
def boxed(session):
    print("boxed runs")

@nox.session(python=False)
def bad(session):
    session.error("bad is bad")

@nox.session(python=False)
def told(session):
    session.run(sys.executable, "-c", "import os; print('told', os.environ['WORD'])", external=True)
"""

GOOD = f"good runs on {sys.version_info.major} {sys.version_info.minor}"


def workflow(**jobs: str) -> str:
    """A workflow of jobs, given as YAML; without steps, they have one that calls a session."""
    return "jobs:\n" + "\n".join(f"  {name}:\n    {text}" for name, text in jobs.items())


def calling(*sessions: str, needs: str = "", more: str = "") -> str:
    """A job that calls sessions, one step each."""
    steps = "\n".join(f"      - run: python3 noxfile.py -s {session}" for session in sessions)
    return f"needs: [{needs}]\n{more}    steps:\n      - uses: a/b@c\n{steps}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with sessions that end as they are called."""
    (tmp_path / "tasks").symlink_to(ROOT / "tasks")
    (tmp_path / "noxfile.py").write_text(NOXFILE, encoding="utf-8")
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    return tmp_path


def ci(project: Path, text: str, *jobs: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the jobs of a workflow with this text."""
    (project / ".github" / "workflows" / "main.yml").write_text(text, encoding="utf-8")
    environment = {"SLIPWAY_PYTHON": sys.executable, **environment}
    return run(sys.executable, "-m", "tasks.ci", *jobs, cwd=project, **environment)


def test_jobs_run_after_those_that_they_need(project: Path) -> None:
    done = ci(project, workflow(last=calling("good -- 2", needs="first"), first=calling("good -- 1")))
    assert done.returncode == 0, done.stdout
    assert [line for line in done.stdout.splitlines() if "runs on" in line] == [GOOD + " 1", GOOD + " 2"]
    assert done.stdout.index("=== first: success") < done.stdout.index("=== last: success")
    assert "2 jobs: 2 succeeded" in done.stdout


def test_a_failed_step_ends_its_job_and_those_that_need_it_but_no_other(project: Path) -> None:
    jobs = workflow(first=calling("bad", "good"), last=calling("good", needs="first"), other=calling("good"))
    done = ci(project, jobs)
    assert done.returncode == 1
    assert done.stdout.count("good runs on") == 1
    assert "3 jobs: 1 succeeded, 1 failed, 1 not run here" in done.stdout
    assert "it needs first (failure)" in done.stdout
    assert "python3 noxfile.py -s bad" in done.stdout.partition("=== CI")[2]


def test_what_cleans_up_is_run_after_a_failure(project: Path) -> None:
    always = "\n      - run: python3 noxfile.py -s good\n        if: ${{ always() }}"
    done = ci(project, workflow(first=calling("bad", "good") + always))
    assert done.returncode == 1
    # Only as what cleans up, not as the step after the failure.
    assert done.stdout.count("good runs on") == 1


def test_a_matrix_runs_on_the_pythons_that_this_machine_has(project: Path) -> None:
    matrix = f'    strategy:\n      matrix:\n        python: ["{machine.CURRENT}", "3.2"]\n'
    done = ci(project, workflow(first=calling("good", more=matrix), last=calling("good", needs="first")))
    assert done.returncode == 0, done.stdout
    assert f"=== first ({machine.CURRENT}): success" in done.stdout
    assert "=== first (3.2): skipped: this machine has no Python 3.2" in done.stdout
    assert "=== last: skipped: it needs first (3.2) (skipped)" in done.stdout
    assert "3 jobs: 1 succeeded, 2 not run here" in done.stdout


def test_without_a_container_engine_its_jobs_are_said_to_be_skipped(project: Path) -> None:
    nowhere = {"DOCKER_HOST": f"unix://{project}/nowhere", "PATH": os.environ["PATH"]}
    done = ci(project, workflow(first=calling("boxed"), other=calling("good")), **nowhere)
    assert done.returncode == 0, done.stdout
    assert "=== first: skipped: no container engine answers" in done.stdout
    assert "2 jobs: 1 succeeded, 1 not run here" in done.stdout


def test_chosen_jobs_are_run_alone(project: Path) -> None:
    jobs = workflow(first=calling("bad"), last=calling("good", needs="first"))
    done = ci(project, jobs, "last")
    assert done.returncode == 0, done.stdout
    assert "1 job: 1 succeeded" in done.stdout
    done = ci(project, jobs, "nowhere")
    assert done.returncode == 1
    assert done.stdout == ".github/workflows/main.yml has no job nowhere; it has first, last.\n"


def test_variables_of_job_and_step_reach_the_session(project: Path) -> None:
    told = "\n        env:\n          WORD: of the step"
    done = ci(project, workflow(first=calling("told", more="    env:\n      WORD: of the job\n")))
    assert "told of the job" in done.stdout
    done = ci(project, workflow(first=calling("told") + told))
    assert "told of the step" in done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jobs: [", "is no workflow that can be read"),
        ("", "is no workflow that can be read"),
        ("jobs: {}\nname: x", "has no job"),
        (workflow(a=calling("good", needs="b"), b=calling("good", needs="a")), "jobs that need each other"),
        (workflow(a=calling("good", needs="nowhere")), "is no workflow that can be read: 'nowhere'"),
        (workflow(a=calling("good") + " && true"), "runs what is no session"),
        (workflow(a=calling("good") + "\n        if: github.actor"), "only GitHub knows whether"),
        (workflow(a=calling("good", more="    if: github.actor\n")), "only GitHub knows whether to run a job"),
        (workflow(a=calling("good", more="    continue-on-error: true\n")), "its failure would pass"),
        (workflow(a=calling("good") + "\n        continue-on-error: true"), "its failure would pass"),
        (workflow(a=calling("good") + "\n        env: {A: '${{ github.sha }}'}"), "Only GitHub knows the value of A"),
        (workflow(a=calling("good", more="    strategy: {matrix: {include: [1]}}\n")), "without include and exclude"),
    ],
)
def test_what_cannot_be_run_here_is_told_in_a_line(project: Path, text: str, words: str) -> None:
    done = ci(project, text, "a" if "{}" in text else "")
    assert done.returncode == 1
    assert words in done.stdout
    assert "Traceback" not in done.stdout


def test_without_a_workflow_there_is_nothing_to_run(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="is not there; it says what CI runs"):
        read_jobs(tmp_path / "main.yml")


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
    return run(sys.executable, "-m", "tasks.ci.result", cwd=ROOT, NEEDS=needs)
