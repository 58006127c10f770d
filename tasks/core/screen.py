"""What `dev` shows: a status line per process while starting, then everybody's log, prefixed and coloured."""

import os
import sys
from collections.abc import Callable

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from tasks.core import log_lines

COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "bright_red", "bright_cyan", "bright_magenta")
MARKS = {"ready": ("✓", "green"), "failed": ("✗", "red"), "waiting": ("·", "dim")}


class Screen:
    """The terminal, or a pipe that gets one plain line per event; `gone` is called when neither takes any more."""

    def __init__(self, names: list[str], gone: Callable[[], None]) -> None:
        is_terminal = sys.stdout.isatty()
        # FORCE_COLOR must not make a live display of a pipe; NO_COLOR counts in both.
        self._console = Console(force_terminal=is_terminal, highlight=False, soft_wrap=True)
        self._names = names
        self._width = max(map(len, names))
        self._states = dict.fromkeys(names, ("waiting", ""))
        self._spinner = Spinner("dots", style="cyan")
        self._gone = gone
        self._live = Live(console=self._console, auto_refresh=False) if is_terminal else None
        if self._live:
            self._attempt(self._live.start)

    def status(self, name: str, state: str, text: str) -> None:
        """Show that a process is `waiting`, `starting`, `ready` or `failed`."""
        self._states[name] = (state, text)
        if self._live:
            self.refresh()
        else:
            self._print(name, Text(f"{state}{': ' if text else ''}{text}"))

    def refresh(self) -> None:
        """Move the spinners on."""
        if self._live:
            live, table = self._live, self._table()
            self._attempt(lambda: live.update(table, refresh=True))

    def settle(self) -> None:
        """Leave the status lines as they are; from now on changes of status are plain events."""
        if self._live:
            live, self._live = self._live, None
            self._attempt(live.stop)

    def log(self, name: str, line: str) -> None:
        """Show one line that a process said."""
        self._print(name, log_lines.render(line))

    def say(self, text: str, style: str = "") -> None:
        """Show a line of `dev` itself."""
        self._write(Text(text, style))

    def _print(self, name: str, text: Text) -> None:
        for line in text.split("\n", allow_blank=True):
            self._write(Text.assemble((f"{name:<{self._width}} │ ", self._colour(name)), line))

    def _write(self, text: Text) -> None:
        self._attempt(lambda: self._console.print(text))

    def _colour(self, name: str) -> str:
        return COLOURS[self._names.index(name) % len(COLOURS)]

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for name, (state, text) in self._states.items():
            mark, style = MARKS.get(state, ("", ""))
            symbol = self._spinner if state == "starting" else Text(mark, style)
            table.add_row(symbol, Text(name, self._colour(name)), Text(text or state))
        return table

    def _attempt(self, output: Callable[[], object]) -> None:
        """Write, and let a reader or terminal that has gone away end `dev` in order rather than with a traceback."""
        try:
            output()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.dup2(nowhere, sys.stderr.fileno())
            self._gone()
