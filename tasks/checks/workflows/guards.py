"""What the workflows that guard the main branch have to be: there, and run for every change."""

from collections.abc import Iterator
from pathlib import Path

from tasks.checks.workflows.jobs import ANSWERS, JOB_RULES
from tasks.checks.workflows.rules import MAIN_RULES, own_call
from tasks.checks.workflows.shape import JOB, MAIN, SECURITY, is_in
from tasks.checks.workflows.text import Value

FOLDER = Path(".github/workflows")
BRANCH = "main"
EVENTS = {MAIN: ("pull_request", "push"), SECURITY: ("pull_request", "push", "schedule")}
# The condition that a job may have which calls a guard for pushes.
PUSHED = "${{ github.event_name == 'push' }}"


def weak_guards(files: dict[Path, list[Value]]) -> Iterator[str]:
    """What is wrong with the workflows that guard the main branch, given the values of each file."""
    if not FOLDER.is_dir() and not ANSWERS.exists():
        return
    for path, events in EVENTS.items():
        values = files.get(path)
        if not values:
            yield f"{path}:1: not there, or empty, and so guards nothing; its name has to be just that"
            continue
        called = "workflow_call" in _events(values) and any(calls(path, each) for each in files.values())
        yield from starts_too_seldom(values, [event for event in events if event != "push" or not called])
        yield from (found for rule in RULES[path] for found in rule(values))


def calls(guard: Path, values: list[Value]) -> bool:
    """Whether a workflow calls the guard for every push, so that the guard itself need not run then."""
    jobs = [value.route[:-1] for value in values if value.text == f"$/{guard}" and value.route[len(JOB) :] == ("uses",)]
    called = any(_runs_on_push([value for value in values if is_in(value, job)]) for job in jobs)
    return called and not list(starts_too_seldom(values, ["push"]))


def starts_too_seldom(values: list[Value], events: list[str]) -> Iterator[str]:
    """A guard has to run for every pull request, and for every push to the main branch."""
    causes = [value for value in values if value.route[0] == "on"]
    known = _events(values)
    yield from (values[0].finding(f"does not run on {event}") for event in events if event not in known)
    for value in causes:
        filtered = value.route[1:3]
        if filtered[:1] == ("pull_request",) and filtered[1:]:
            yield value.finding(f"{filtered[1]!r} keeps it from running for every pull request")
        elif filtered[:1] == ("push",) and filtered[1:] not in {(), ("branches",)}:
            yield value.finding(f"{filtered[1]!r} keeps it from running for every push")
    branches = [value for value in causes if value.route[1:3] == ("push", "branches")]
    if branches and (BRANCH not in {value.text for value in branches} or any("!" in value.text for value in branches)):
        yield branches[0].finding(f"does not run for every push to {BRANCH}")


def scans_nothing(values: list[Value]) -> Iterator[str]:
    """The workflow about security has to call the session, whole."""
    called = [call for value in values if (call := own_call(value))]
    if not any("security" in call.sessions and not call.arguments for call in called):
        yield values[0].finding("no command is just -s security")


RULES = {MAIN: (*MAIN_RULES, *JOB_RULES), SECURITY: (scans_nothing,)}


def _runs_on_push(job: list[Value]) -> bool:
    keys = {value.route[len(JOB)]: value.text for value in job}
    return keys.get("if", PUSHED) == PUSHED and "needs" not in keys


def _events(values: list[Value]) -> set[str]:
    """The events that start a workflow, written in any of the three forms that GitHub reads."""
    routes = [(value.route, value.text) for value in values if value.route[0] == "on"]
    return {route[1] if len(route) > 1 and not route[1].isdigit() else text for route, text in routes}
