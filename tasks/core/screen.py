"""Status lines while processes start, then their log lines, prefixed and coloured; tables."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Column, Table
from rich.text import Text

from tasks.core.console import WIDTH

COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "bright_red", "bright_cyan", "bright_magenta")
MARKS = {"ready": ("✓", "green"), "failed": ("✗", "red"), "waiting": ("·", "dim")}
LEVELS = {"debug": "dim", "info": "green", "warning": "yellow", "error": "red", "critical": "bold red"}
# Fields of a log line that have a position of their own, are the same in all lines, or are IDs of traces.
POSITIONED = (
    *("timestamp", "level", "event", "request_id", "exception", "trace_id", "span_id"),
    *("service", "service.name", "app", "environment"),
)


class Screen:
    """A terminal, or a pipe that gets one plain line per event; `on_closed` is called when its reader has gone."""

    def __init__(self, names: list[str], on_closed: Callable[[], None]) -> None:
        is_terminal = sys.stdout.isatty()
        # FORCE_COLOR must not put a live display into a pipe; NO_COLOR counts in both.
        self._console = Console(force_terminal=is_terminal, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._names = names
        self._width = max(map(len, names))
        self._states = dict.fromkeys(names, ("waiting", ""))
        self._spinner = Spinner("dots", style="cyan")
        self._on_closed = on_closed
        # Called with each line of a log and the name of its process.
        self.on_line: Callable[[str, str], object] = lambda _name, _line: None
        live = Live(console=self._console, get_renderable=self._table, refresh_per_second=10)
        self._live = live if is_terminal else None
        if is_terminal:
            self._attempt(live.start)

    @property
    def states(self) -> dict[str, tuple[str, str]]:
        """The state of each process, and a text about it."""
        return {**self._states}

    def status(self, name: str, state: str, text: str) -> None:
        """Show that a process is `waiting`, `starting`, `ready`, `failed` or `suspended`."""
        self._states[name] = (state, text)
        if not self._live:
            self._print(name, Text(f"{state}{': ' if text else ''}{text}"))

    def settle(self) -> None:
        """Keep the status lines as they are; later changes of status are plain lines."""
        if self._live:
            live, self._live = self._live, None
            self._attempt(live.stop)

    def log(self, name: str, line: str) -> None:
        """Show a line of a process's log."""
        self.on_line(name, line)
        self._print(name, render(line))

    def print(self, text: str | Text, style: str = "") -> None:
        """Show a line of the command itself."""
        self._attempt(lambda: self._console.print(text, style=style))

    def _print(self, name: str, text: Text) -> None:
        for line in text.split("\n", allow_blank=True):
            self.print(Text.assemble((f"{name:<{self._width}} │ ", self._colour(name)), line))

    def _colour(self, name: str) -> str:
        return COLOURS[self._names.index(name) % len(COLOURS)]

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for name, (state, text) in self._states.items():
            symbol = self._spinner if state == "starting" else Text(*MARKS.get(state, ("", "")))
            table.add_row(symbol, Text(name, self._colour(name)), Text(text or state))
        return table

    def _attempt(self, output: Callable[[], object]) -> None:
        """Write, and end the command gracefully where the reader or terminal has gone."""
        try:
            output()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.dup2(nowhere, sys.stderr.fileno())
            self._on_closed()


def print_table(columns: Iterable[str | Column], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print a table without borders."""
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        # As Text, so that brackets in a value are no markup.
        table.add_row(*(Text(each) if isinstance(each, str) else each for each in row))
    Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False).print(table)


def render(line: str) -> Text:
    """A service's JSON log line as time, level, event, fields and request ID; any other line unchanged."""
    entry = parse(line)
    if entry is None:
        return Text.from_ansi(line)
    level = str(entry.get("level", "info")).lower()
    start = (f"{_time(entry.get('timestamp'))} ", "dim"), (f"{level.upper():<8} ", LEVELS.get(level, ""))
    return Text.assemble(*start, details(entry))


def parse(line: str) -> dict[str, Any] | None:
    """The fields of a JSON log line; None for any other line."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def details(entry: dict[str, Any]) -> Text:
    """The event of a log line, with its fields, request ID and exception."""
    text = Text.assemble((printable(entry.get("event", "")), "bold"))
    for name, value in entry.items():
        if name not in POSITIONED:
            text.append(f" {printable(name)}=", "dim").append(printable(value))
    if entry.get("request_id"):
        text.append(f" [{printable(entry['request_id'])}]", "dim")
    for line in _traceback(entry.get("exception")):
        text.append(f"\n  {printable(line)}", "red")
    return text


def _traceback(exception: object) -> list[str]:
    """The lines of an exception: text, or structlog's list of exceptions with their frames."""
    if not isinstance(exception, list):
        return str(exception or "").splitlines()
    lines = []
    for each in exception:
        frames = each.get("frames", [])
        lines += [f"{frame.get('filename')}:{frame.get('lineno')} in {frame.get('name')}" for frame in frames]
        lines.append(f"{each.get('exc_type')}: {each.get('exc_value')}")
    return lines


def _time(stamp: object) -> str:
    """The local time of an ISO 8601 stamp, or now, to the millisecond."""
    try:
        time = datetime.fromisoformat(str(stamp)).astimezone()
    except ValueError:
        time = datetime.now().astimezone()
    return time.strftime("%H:%M:%S.%f")[:-3]


def printable(value: object) -> str:
    """The value as text that cannot control the terminal: logs contain what clients send."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
