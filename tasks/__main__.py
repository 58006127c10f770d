"""Runs the command behind a session: `python -m tasks NAME …` calls `main` of the module `tasks.NAME`."""

import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tasks.core import cli


def find(name: str) -> Callable[[], int | str | None]:
    """The command of this name, such as `checks.lint`; a package has its in the module `command`. Exits without one."""
    path, module = Path(__file__).parent.joinpath(*name.split(".")), f"tasks.{name}"
    if not path.with_suffix(".py").is_file():
        path, module = path / "command", f"{module}.command"
    command: Callable[[], int | str | None] | None = None
    if path.with_suffix(".py").is_file():
        command = getattr(import_module(module), "main", None)
    return command or sys.exit(f"tasks has no command {name!r}. Run a session instead; list them: nox -l")


if __name__ == "__main__":
    # Ctrl-C ends the slow imports at once, without a traceback.
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    command = find(sys.argv.pop(1) if sys.argv[1:] else "")
    signal.signal(signal.SIGINT, handler)
    cli.run(command)
