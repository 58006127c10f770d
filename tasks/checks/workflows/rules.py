"""What commands a workflow may hold, which ones the one that guards the main branch has to, and what sessions need."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from tasks.checks.workflows.call import Call, read_call
from tasks.checks.workflows.registered import Session, sessions_of
from tasks.checks.workflows.shape import ALWAYS, JOB, is_in
from tasks.checks.workflows.text import Value

NOXFILE = Path("noxfile.py")
# What `nox -t check` runs, and what only CI runs besides.
CHECK, CI = "check", "ci"
RESULT = "ci_result"
# An action or a workflow of the project's own, where this check reads it.
OWN = re.compile(r"[$.]/\.github/(actions|workflows)/[\w-]+(/[\w-]+)*(\.ya?ml)?")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
VERSION = re.compile(r"v?\d+(\.\d+)*")
# Inputs by which actions take code.
CODE = {"script", "inlineScript", "run"}


def holds_logic(value: Value) -> Iterator[str]:
    """A command that is more than a call of sessions, and code that is given to an action."""
    if is_command(value) and read_call(value.text) is None:
        yield value.finding("not a call of sessions, python3 noxfile.py -s NAME [-- ARGUMENTS]; put it into tasks/")
    if value.key in CODE and "with" in value.route:
        yield value.finding(f"code in {value.key!r}; put it into tasks/ and call a session")


def calls_what_is_not_there(value: Value) -> Iterator[str]:
    """A session, or a tag, that the noxfile does not have."""
    call = read_call(value.text) if is_command(value) else None
    if call is None:
        return
    if not call.noxfile.is_file():
        yield value.finding(f"there is no {call.noxfile}")
        return
    known = registered(call.noxfile)
    yield from (value.finding(f"{call.noxfile} has no session {name}") for name in call.sessions if name not in known)
    if call.tag and not any(call.tag in session.tags for session in known.values()):
        yield value.finding(f"no session of {call.noxfile} has the tag {call.tag}")


def uses_what_can_move(value: Value) -> Iterator[str]:
    """An action that is not pinned by commit, or does not say which version that is."""
    if value.key != "uses" or OWN.fullmatch(value.text):
        return
    if value.text.startswith(("$/", "./")):
        yield value.finding(f"{value.text} is read by no check; it belongs into .github/actions/")
        return
    if not PINNED.fullmatch(value.text):
        yield value.finding(f"{value.text} can move; pin the action by its commit, the version as a comment")
    elif not VERSION.fullmatch(value.comment.strip()):
        yield value.finding("the comment behind the commit is no version, such as: # v1.2.3")


def differs_from_the_checks(values: list[Value]) -> Iterator[str]:
    """Main's workflow has to call what `nox -t check` runs, as that runs it, and nothing that has no tag for it."""
    calls = [(value, call) for value in values if (call := own_call(value))]
    known = registered(NOXFILE)
    plain = {name for _, call in calls if not call.arguments for name in call.sessions}
    called = {name for _, call in calls for name in call.sessions}
    for name, session in known.items():
        if (CHECK in session.tags and name not in plain) or (CI in session.tags and name not in called):
            tag = CHECK if CHECK in session.tags else CI
            yield values[0].finding(f"no command is just -s {name}, which has the tag {tag}")
    for value, call in calls:
        untagged = [name for name in call.sessions if name in known and not {CHECK, CI} & {*known[name].tags}]
        yield from (value.finding(f"{name} has neither of the tags {CHECK} and {CI}") for name in untagged)


def lets_a_failure_pass(values: list[Value]) -> Iterator[str]:
    """Main's workflow has to end with a job that needs all the others, always runs, and judges them."""
    jobs = list(dict.fromkeys(value.route[1] for value in values if is_in(value, JOB)))
    last = [value for value in values if value.route[:2] == ("jobs", jobs[-1])] if jobs else values
    needs = {value.text for value in last if "needs" in value.route}
    if missing := [job for job in jobs[:-1] if job not in needs]:
        yield last[0].finding(f"the last job does not need {', '.join(missing)}")
    if not any(value.route[2:] == ("if",) and value.text == ALWAYS for value in last):
        yield last[0].finding("the last job does not run always, and a skipped job passes: if: ${{ always() }}")
    if not any((call := own_call(value)) and RESULT in call.sessions for value in last):
        yield last[0].finding(f"the last job does not call {RESULT}, which fails unless all the others succeeded")


def undescribed_sessions() -> Iterator[str]:
    """Sessions without a docstring: `nox --list` could not say what they are for."""
    for name, session in registered(NOXFILE).items():
        if not session.description:
            yield f"{session.place}: the session {name} has no docstring, which `nox --list` shows"


VALUE_RULES: tuple[Callable[[Value], Iterator[str]], ...] = (holds_logic, calls_what_is_not_there, uses_what_can_move)
MAIN_RULES: tuple[Callable[[list[Value]], Iterator[str]], ...] = (differs_from_the_checks, lets_a_failure_pass)


def is_command(value: Value) -> bool:
    """Whether a runner gives this value to a shell."""
    return value.key == "run" and "steps" in value.route


def own_call(value: Value) -> Call | None:
    """The call of the project's own sessions that a value is."""
    call = read_call(value.text) if is_command(value) else None
    return call if call and call.noxfile == NOXFILE else None


@cache
def registered(noxfile: Path) -> dict[str, Session]:
    """The sessions of a noxfile, asked for once."""
    return sessions_of(noxfile)
