"""Log lines on the screen."""

from __future__ import annotations

import json

import pytest

from tasks.core.screen import print_table, render


def test_render_escapes_control_characters() -> None:
    line = render(json.dumps({"event": "request", "level": "info", "path": "/\x1b[2J\r\n", "request_id": "\x9b1m"}))
    assert line.plain.endswith("INFO     request path=/\\x1b[2J\\r\\n [\\x9b1m]")


def test_render_shows_an_exception_line_by_line() -> None:
    frames = [{"filename": "app.py", "lineno": 3, "name": "start"}]
    exception = [{"exc_type": "ValueError", "exc_value": "no", "frames": frames}]
    line = render(json.dumps({"event": "failed", "level": "error", "exception": exception}))
    assert line.plain.splitlines()[1:] == ["  app.py:3 in start", "  ValueError: no"]


def test_a_row_is_one_line_where_the_output_is_not_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    long = "a long value, " * 20
    print_table(["name", "value", "advice"], [["first", long, long]])
    assert long in capsys.readouterr().out
