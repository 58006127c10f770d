"""The check behind the row `workflows` of `nox -s lint`."""

import sys
from pathlib import Path

from tasks.checks.workflows.guards import weak_guards
from tasks.checks.workflows.jobs import misses_the_history
from tasks.checks.workflows.rules import VALUE_RULES, undescribed_sessions
from tasks.checks.workflows.shape import FILE_RULES
from tasks.checks.workflows.text import values_in
from tasks.core.errors import UserError

FOLDER = Path(".github")


def main() -> None:
    """Print a line for everything in the workflows, their own actions and the sessions that does not belong there."""
    try:
        found = findings()
    except UserError as error:
        sys.exit(str(error))
    if found:
        sys.exit("\n".join(found))


def findings() -> list[str]:
    """What is wrong, as FILE:LINE: complaint."""
    paths = sorted([*FOLDER.glob("workflows/*.y*ml"), *FOLDER.glob("actions/**/action.y*ml")])
    files = {path: values_in(path) for path in paths}
    found = [text for values in files.values() for value in values for rule in VALUE_RULES for text in rule(value)]
    found += [text for values in files.values() for rule in (*FILE_RULES, misses_the_history) for text in rule(values)]
    return [*found, *weak_guards(files), *undescribed_sessions()]


if __name__ == "__main__":
    main()
