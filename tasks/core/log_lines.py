"""Renders the services' JSON log lines for people."""

import json
from datetime import datetime
from typing import Any

from rich.text import Text

STYLES = {"debug": "dim", "info": "green", "warning": "yellow", "error": "red", "critical": "bold red"}
# Shown at a place of their own, or the same in all lines.
PLACED = ("timestamp", "level", "event", "request_id", "exception", "service", "app", "environment")


def render(line: str) -> Text:
    """The line with time, level, event, fields and request ID; one that is no JSON object passes as it is."""
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    return _entry(entry) if isinstance(entry, dict) else Text.from_ansi(line)


def _entry(entry: dict[str, Any]) -> Text:
    level = str(entry.get("level", "info")).lower()
    text = Text.assemble(
        (f"{_time(entry.get('timestamp'))} ", "dim"),
        (f"{level.upper():<8}", STYLES.get(level, "")),
        (f" {_plain(entry.get('event', ''))}", "bold"),
    )
    for name, value in entry.items():
        if name not in PLACED:
            text.append(f" {_plain(name)}=", "dim").append(_plain(value))
    if entry.get("request_id"):
        text.append(f" [{_plain(entry['request_id'])}]", "dim")
    for line in _traceback(entry.get("exception")):
        text.append(f"\n  {_plain(line)}", "red")
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
    """The local time of an ISO 8601 stamp, to the millisecond."""
    try:
        return datetime.fromisoformat(str(stamp)).astimezone().strftime("%H:%M:%S.%f")[:-3]
    except ValueError:
        return datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3]


def _plain(value: object) -> str:
    """The value as text that cannot move a terminal's cursor: what clients send ends up in logs."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
