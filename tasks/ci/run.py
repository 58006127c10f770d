"""Runs jobs one after another, as far as this machine can."""

import json
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tasks.ci import machine
from tasks.ci.workflow import NEEDS, Job, Step
from tasks.workflows.registered import sessions_of

# Sessions with this tag need a container engine.
CONTAINERS = "containers"


@dataclass(frozen=True)
class Outcome:
    """How a job ended, in GitHub's words, with the reason unless that is success."""

    job: Job
    result: str
    seconds: float = 0.0
    reason: str = ""


def run(jobs: list[Job]) -> list[Outcome]:
    """Run the jobs in this order; what one needs that is not among them does not matter."""
    outcomes: list[Outcome] = []
    for job in jobs:
        print(f"\n=== {job.title}", flush=True)
        outcome = _run_job(job, outcomes)
        print(f"=== {job.title}: {outcome.result}{outcome.reason and ': '}{outcome.reason}", flush=True)
        outcomes.append(outcome)
    return outcomes


def _run_job(job: Job, before: list[Outcome]) -> Outcome:
    needed = [outcome for outcome in before if outcome.job.id in job.needs]
    python = machine.python(job.python)
    if reason := _obstacle(job, python, needed):
        return Outcome(job, "skipped", reason=reason)
    needs = json.dumps({outcome.job.id: {"result": outcome.result, "outputs": {}} for outcome in needed})
    start = time.monotonic()
    failed = ""
    for step in job.steps:
        if (not failed or step.always) and not _succeeds(step, str(python), job.python, needs):
            failed = failed or f"{step.name}: {step.command}"
    return Outcome(job, "failure" if failed else "success", time.monotonic() - start, failed)


def _obstacle(job: Job, python: str | None, needed: list[Outcome]) -> str:
    """Why the job cannot be run here; nothing when it can."""
    if stuck := [f"{outcome.job.title} ({outcome.result})" for outcome in needed if outcome.result != "success"]:
        return f"it needs {', '.join(stuck)}"
    if python is None:
        return f"this machine has no Python {job.python}"
    if _needs_engine(job) and not machine.has_engine():
        return "no container engine answers; see nox -s doctor"
    return ""


def _needs_engine(job: Job) -> bool:
    calls = [step.call for step in job.steps]
    known = {call.noxfile: sessions_of(call.noxfile) for call in calls}
    called = [known[call.noxfile].get(name) for call in calls for name in call.sessions]
    return any(CONTAINERS in session.tags for session in called if session)


def _succeeds(step: Step, python: str, version: str, needs: str) -> bool:
    print(f"--- {step.name}: {step.command}", flush=True)
    variables = {name: needs if value == NEEDS else value for name, value in step.environment.items()}
    _, noxfile, *arguments = shlex.split(step.command)
    # A Python of its own gets environments of its own, and leaves those of the daily work alone.
    place = [] if version in {"", machine.CURRENT} else [f"--envdir={Path('.nox') / f'python-{version}'}"]
    command = [python, noxfile, *place, *arguments]
    return subprocess.run(command, env=machine.environment() | variables, check=False).returncode == 0
