"""What jobs have to be: one for each check, on every Python, with the history where secrets are looked for in it."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from tasks.checks.workflows.call import Call, read_call
from tasks.checks.workflows.rules import CHECK, NOXFILE, is_command, own_call, registered
from tasks.checks.workflows.shape import JOB, is_in
from tasks.checks.workflows.text import Value

# A generated project has it; it says which Python the images have.
ANSWERS = Path(".copier-answers.yml")
# The sessions that look for secrets in every commit, and the part of the first one that does.
SEARCHING, HISTORY = {"security", "devcontainer"}, "history"
TEST = "test"
OLDEST = re.compile(r'^# requires-python = ">=3\.(\d+)"$', re.MULTILINE)


def misses_the_history(values: list[Value]) -> Iterator[str]:
    """A job that looks for secrets in every commit, but checks out the newest alone."""
    for job in jobs_of(values):
        searching = [value for value in job if is_command(value) and searches_history(read_call(value.text))]
        whole = any(value.route[-2:] == ("with", "fetch-depth") and value.text == "0" for value in job)
        if searching and not whole:
            yield searching[0].finding("looks for secrets in every commit, so check out with fetch-depth: 0")


def runs_two_checks(values: list[Value]) -> Iterator[str]:
    """A job with several sessions of the tag: where the first one fails, the others say nothing."""
    for job in jobs_of(values):
        checks = {name: value for value in job if (call := own_call(value)) for name in checks_in(call)}
        if len(checks) > 1:
            yield [*checks.values()][1].finding(f"one job runs {' and '.join(checks)}; give each a job of its own")


def misses_a_python(values: list[Value]) -> Iterator[str]:
    """Tests that do not run on every Python from the oldest that the noxfile supports to the one of the images."""
    oldest = OLDEST.search(NOXFILE.read_text(encoding="utf-8"))
    if oldest is None:
        yield f'{NOXFILE}:1: the header lacks a line with the oldest Python, such as: # requires-python = ">=3.11"'
        return
    for job in jobs_of(values):
        if any((call := own_call(value)) and TEST in call.sessions for value in job):
            tested = tested_pythons(job)
            supported = range(int(oldest[1]), max(tested | image_python(), default=0) + 1)
            if missing := [f"3.{minor}" for minor in supported if minor not in tested]:
                yield job[0].finding(f"{TEST} does not run on Python {', '.join(missing)}, which is supported")


JOB_RULES = (runs_two_checks, misses_a_python)


def jobs_of(values: list[Value]) -> list[list[Value]]:
    """The values of each job of a workflow."""
    names = dict.fromkeys(value.route[1] for value in values if is_in(value, JOB))
    return [[value for value in values if value.route[:2] == ("jobs", name)] for name in names]


def searches_history(call: Call | None) -> bool:
    """Whether a call runs the part that searches the history, with all others or by its name."""
    if call is None:
        return False
    parts = [word for word in call.arguments if not word.startswith("-")]
    return call.tag == CHECK or (not SEARCHING.isdisjoint(call.sessions) and (not parts or HISTORY in parts))


def checks_in(call: Call) -> list[str]:
    """The sessions with the tag `check` that a call runs, by name or by a tag."""
    checks = {name: session.tags for name, session in registered(call.noxfile).items() if CHECK in session.tags}
    return [name for name, tags in checks.items() if name in call.sessions or call.tag in tags]


def tested_pythons(job: list[Value]) -> set[int]:
    """The minor versions of the Pythons that a job's matrix has and its set-up is given."""
    given = any(value.text == "${{ matrix.python }}" and value.route[-2:] == ("with", "python") for value in job)
    listed = minors(value.text for value in job if value.route[2:5] == ("strategy", "matrix", "python"))
    left_out = minors(value.text for value in job if value.route[2:5] == ("strategy", "matrix", "exclude"))
    return listed - left_out if given else set()


def image_python() -> set[int]:
    """The minor version of the images' Python; empty in the toolkit, which has no answers."""
    answers = yaml.safe_load(ANSWERS.read_text(encoding="utf-8")) if ANSWERS.exists() else {}
    return minors([str(answers.get("python_version"))])


def minors(versions: Iterable[str]) -> set[int]:
    """The minor versions of those that are versions of Python 3."""
    return {int(found[1]) for version in versions if (found := re.fullmatch(r"3\.(\d+)", version))}
