"""The check behind the row `workflows` of `nox -s lint`."""

import sys
from pathlib import Path

from tasks.trouble import Trouble
from tasks.workflows.rules import MAIN, MAIN_RULES, VALUE_RULES
from tasks.workflows.text import values_in

FOLDER = Path(".github")


def main() -> None:
    """Print a line for everything in the workflows and their own actions that does not belong there."""
    try:
        found = findings()
    except Trouble as trouble:
        sys.exit(str(trouble))
    if found:
        sys.exit("\n".join(found))


def findings() -> list[str]:
    """What is wrong, as FILE:LINE: complaint."""
    paths = sorted([*FOLDER.glob("workflows/*.y*ml"), *FOLDER.glob("actions/**/action.y*ml")])
    found = [text for path in paths for value in values_in(path) for rule in VALUE_RULES for text in rule(value)]
    if MAIN in paths and (values := values_in(MAIN)):
        found += [text for rule in MAIN_RULES for text in rule(values)]
    return found


if __name__ == "__main__":
    main()
