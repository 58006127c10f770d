"""What workflows and actions may hold beside commands: nothing that changes what a check does or counts for."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tasks.checks.workflows.text import Value
from tasks.project import env_file

MAIN = Path(".github/workflows/main.yml")
SECURITY = Path(".github/workflows/security.yml")
GUARDS = (MAIN, SECURITY)
# The conditions that a step may have: with them, it is run at least as often as without.
ALWAYS = "${{ always() }}"
WHATEVER_HAPPENED = (ALWAYS, "${{ !cancelled() }}")
# Outside the workflows that guard the main branch also these, which undo or tell what came of steps before.
AFTER_STEPS = re.compile(r"\$\{\{ (always|!cancelled)\(\)( && steps\.[\w-]+\.outcome [!=]= '\w+')+ \}\}")
# What the workflows that guard the main branch may tell sessions; the others also what publishing and testing need, and
# the application's settings.
GUARD_VARIABLES = {"NEEDS", "SLIPWAY_REQUIRE"}
VARIABLES = {*GUARD_VARIABLES, "APPLICATION_URL", "IMAGES", "VERSION"}

ANY = "*"
JOB, STEP, ACTION_STEP = ("jobs", ANY), ("jobs", ANY, "steps", ANY), ("runs", "steps", ANY)
WORKFLOW_KEYS = "name run-name on permissions concurrency env jobs"
ACTION_KEYS = "name description author branding inputs outputs runs"
JOB_KEYS = (
    "name needs if runs-on timeout-minutes permissions environment concurrency strategy outputs env steps "
    "uses with secrets"
)
STEP_KEYS = "id name if uses with run env timeout-minutes"
# Missing on purpose: continue-on-error, shell, defaults, working-directory, container, services.
KEYS = {
    (): {*WORKFLOW_KEYS.split(), *ACTION_KEYS.split()},
    JOB: {*JOB_KEYS.split()},
    STEP: {*STEP_KEYS.split()},
    ("runs",): {"using", "steps"},
    ACTION_STEP: {*STEP_KEYS.split()},
}


def has_another_key(values: list[Value]) -> Iterator[str]:
    """A key by which a failure passes, or a command means something else."""
    seen = set()
    for value in values:
        for place, allowed in KEYS.items():
            route = value.route[: len(place) + 1]
            if is_in(value, place) and route[-1] not in allowed and route not in seen:
                seen.add(route)
                yield value.finding(f"{route[-1]!r} can change what a session does, or whether its failure counts")


def depends(values: list[Value]) -> Iterator[str]:
    """A step that is not run whenever its job is, and in a workflow that guards the main branch, such a job."""
    for value in values:
        of_step = any(is_in(value, place) and value.route[len(place) :] == ("if",) for place in (STEP, ACTION_STEP))
        told = value.path not in GUARDS and AFTER_STEPS.fullmatch(value.text)
        if of_step and value.text not in WHATEVER_HAPPENED and not told:
            yield value.finding(f"a step may depend on nothing but {' or '.join(WHATEVER_HAPPENED)}")
        of_job = is_in(value, JOB) and value.route[len(JOB) :] == ("if",)
        if of_job and value.path in GUARDS and value.text != ALWAYS:
            yield value.finding("a job here may depend on nothing: one that is skipped passes")


def tells_sessions_more(values: list[Value]) -> Iterator[str]:
    """A variable that can change what a session does; outside the guards, what an action is told is its own affair."""
    actions = {value.route[:-1] for value in values if value.key == "uses"}
    for value in values:
        owner, name = _variable(value)
        if not name or (value.path not in GUARDS and owner in actions):
            continue
        if name not in (GUARD_VARIABLES if value.path in GUARDS else VARIABLES | _settings()):
            yield value.finding(f"the variable {name} can change what a session does; give it to none")


def is_another_kind_of_action(values: list[Value]) -> Iterator[str]:
    """An action of the project's own that is a program, which no check reads."""
    for value in values:
        if value.route == ("runs", "using") and value.text != "composite":
            yield value.finding(f"an action of {value.text}; put the program into tasks/ and call a session")


FILE_RULES = (has_another_key, depends, tells_sessions_more, is_another_kind_of_action)


def is_in(value: Value, place: tuple[str, ...]) -> bool:
    """Whether the value lies below that place."""
    return len(value.route) > len(place) and all(
        wanted in {ANY, key} for wanted, key in zip(place, value.route, strict=False)
    )


def _variable(value: Value) -> tuple[tuple[str, ...], str]:
    """Whose variable a value is, and its name; no name where it is none, and what stands there instead of names."""
    for place in ((), JOB, STEP, ACTION_STEP):
        if is_in(value, place) and value.route[len(place)] == "env":
            return value.route[: len(place)], "".join(value.route[len(place) + 1 :]) or value.text
    return (), ""


@cache
def _settings() -> set[str]:
    project = Path()
    there = (project / env_file.EXAMPLE).exists()
    return {*env_file.required(project), *env_file.defaults(project)} if there else set()
