"""Prints as JSON what the application refuses of its settings; a process of its own, as it imports the application."""

import json
import sys
from pathlib import Path

from tasks.core.errors import UserError
from tasks.settings import contract, sources
from tasks.settings.validation import refusals


def main() -> None:
    """Print the wrong settings, each with a line that says where it is set and why it is refused."""
    try:
        agreed = contract.read(Path.cwd())
        values = sources.values(Path.cwd(), agreed, sources.DEVELOPMENT, None)
    except UserError as error:
        sys.exit(str(error))
    texts = {name: value.text for name, value in values.items()}
    reasons = {name: reason for kind in agreed.readers.values() for name, reason in refusals(kind, texts).items()}
    places = {name: f" ({values[name].source})" if name in values else "" for name in reasons}
    print(json.dumps({name: f"{name}{places[name]}: {reason}" for name, reason in reasons.items()}))


if __name__ == "__main__":
    main()
