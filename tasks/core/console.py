"""Plain output that every command shares: result lines, counts, confirmation."""

import sys

from tasks.core.errors import UserError

# Columns where the output is not a terminal: each row is one line, so that it can be searched.
WIDTH = 10_000


def print_result(name: str, scope: str, failure: str | None) -> None:
    """Print one check's name, what it checked and `ok`; or `FAILED` and the findings."""
    print(f"{name:<14}{scope:>14}   {'ok' if failure is None else 'FAILED'}", flush=True)
    if failure is not None:
        print(failure, end="\n\n", flush=True)


def count(number: int, noun: str) -> str:
    """The number and its noun, such as `1 file` and `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def confirm(effect: str, command: str) -> None:
    """Ask before something destructive. UserError unless the answer is yes, or where there is no terminal to ask on.

    `effect` completes "This will …"; `command` is the call that needs no confirmation.
    """
    if not sys.stdin.isatty():
        raise UserError(f"This would {effect}.\nThere is no terminal for the confirmation; to skip it: {command}")
    print(f"This will {effect}. Type yes to continue: ", end="", flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise UserError("Nothing has changed.")
