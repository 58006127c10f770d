"""Checks that Slipway's own workflows only call sessions, and that main.yml runs what `nox -t ci` does.

A team's other workflows are not read.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tasks.core import processes
from tasks.core.errors import UserError

FOLDER = Path(".github")
MAIN = FOLDER / "workflows/main.yml"
NAMES = ("main", "security", "deploy", "update")
OURS = (*(FOLDER / f"workflows/{name}.yml" for name in NAMES), FOLDER / "actions/set-up/action.yml")
NOXFILE = "noxfile.py"
CALL = re.compile(
    r"python3 (?P<noxfile>([\w-]+/)*noxfile\.py) -(?P<kind>[st]) (?P<names>\w+( \w+)*)( -j auto)?"
    r"( -- (?P<arguments>[\w.,:/=@-]+( [\w.,:/=@-]+)*))?"
)
SUMMARY = re.compile(r'echo "[^"$`\\]*" >> "\$GITHUB_STEP_SUMMARY"')
ALWAYS = "${{ always() }}"
# The session that runs those of optional parts, and the tag of these.
PARTS, OF_PART = "parts", "part"


def main() -> str | None:
    """Print a line for each fault of Slipway's workflows and of sessions."""
    if not FOLDER.exists():
        return None
    found = [f"{NOXFILE}: session {name}: no docstring" for name, each in sessions().items() if not each["description"]]
    found += [] if MAIN.exists() else [f"{MAIN}: missing; restore it"]
    return "\n".join([*found, *(fault for path in OURS if path.exists() for fault in faults(path))]) or None


def faults(path: Path) -> list[str]:
    """The faults of a workflow, or of an action."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        jobs = document["jobs"] if "jobs" in document else {"action": document["runs"]}
        found = [f"{name}: {fault}" for name, job in jobs.items() for fault in _faults_of_job(job)]
        found += _faults_of_main(jobs) if path == MAIN else []
    except yaml.YAMLError as error:
        found = [f"invalid YAML: {' '.join(str(error).split())}"]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        found = [f"not a workflow: {type(error).__name__} {error}"]
    return [f"{path}: {fault}" for fault in found]


def _faults_of_job(job: dict[str, Any]) -> Iterator[str]:
    steps = job.get("steps", [])
    if any("continue-on-error" in each for each in (job, *steps)):
        yield "continue-on-error lets a failure pass; delete it"
    for command in [step["run"] for step in steps if "run" in step]:
        call = CALL.fullmatch(command)
        if not call and not SUMMARY.fullmatch(command):
            yield f"not a session call, python3 noxfile.py -s NAME [-- ARGUMENTS]: {command.strip()!r}"
        elif call and not Path(call["noxfile"]).is_file():
            yield f"{call['noxfile']} does not exist"
        elif call and (unknown := {*call["names"].split()} - _known(call)):
            yield f"{call['noxfile']} has no {'session' if call['kind'] == 's' else 'tag'} {', '.join(sorted(unknown))}"


def _faults_of_main(jobs: dict[str, Any]) -> Iterator[str]:
    """Main must call exactly the sessions with the tag `ci`, those with the tag `check` without arguments."""
    calls = [call for job in jobs.values() for call in calls_of(job) if call["noxfile"] == NOXFILE]
    called = {name for call in calls for name in call["names"].split()}
    plain = {name for call in calls if not call["arguments"] for name in call["names"].split()}
    known = sessions()
    if PARTS in plain:
        plain |= {name for name, session in known.items() if OF_PART in session["tags"]}
    for name, session in known.items():
        tags = {"check", "ci"}.intersection(session["tags"])
        if tags == {"check"}:
            yield f"session {name} has the tag check, but not ci"
        if tags and name not in (plain if "check" in tags else called):
            yield f"no command is -s {name}, which has the tag {min(tags)}"
        if name in called and not tags and name not in {PARTS, "ci_result"}:
            yield f"calls {name}, which does not have the tag ci"
    *others, last = jobs
    if missing := [name for name in others if name not in jobs[last].get("needs", [])]:
        yield f"{last}: the last job must need all others; it lacks {', '.join(missing)}"
    if jobs[last].get("if") != ALWAYS:
        yield f"{last}: the last job must run always, since a skipped job passes: if: {ALWAYS}"
    if not any("ci_result" in call["names"].split() for call in calls_of(jobs[last])):
        yield f"{last}: the last job must call ci_result, which fails unless all others succeeded"


def calls_of(job: dict[str, Any]) -> list[re.Match[str]]:
    """The session calls of a job."""
    return [call for step in job.get("steps", []) if (call := CALL.fullmatch(step.get("run", "")))]


def _known(call: re.Match[str]) -> set[str]:
    known = sessions(call["noxfile"])
    return {*known} if call["kind"] == "s" else {tag for each in known.values() for tag in each["tags"]}


@cache
def sessions(noxfile: str = NOXFILE) -> dict[str, Any]:
    """The sessions of a noxfile by name, with their tags and docstrings."""
    done = processes.run([sys.executable, "-m", "nox", "-f", noxfile, "--list", "--json", "-k", "not slipway_none"])
    if done.returncode != 0:
        raise UserError(f"nox cannot load {noxfile}: {processes.last_line(done.stderr)}")
    return {each["session"]: each for each in json.loads(done.stdout)}
