"""From an empty folder, with two commands and no Docker, to passing tests and to the gateway's first 200."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from toolkit.application import Application
from toolkit.bench.measure import Row, seconds
from toolkit.new import TEMPLATE

TEST_BUDGET = 8.0
ANSWER_BUDGET = 8.0
FRONTEND_BUDGET = 40.0
BACKEND = ("--data", "parts=[]")


def measure(scratch: Path) -> list[Row]:
    """Measure fresh projects with warm package caches."""
    scaffold(scratch / "warm-up")
    seconds(test(), scratch / "warm-up")
    tested = scaffold(scratch / "tested")
    tested += seconds(test("-k", "test_health"), scratch / "tested")
    whole = scaffold(scratch / "whole") + seconds(test(), scratch / "whole")
    answered = scaffold(scratch / "answered") + first_answer(scratch / "answered")
    everything = scaffold(scratch / "everything", ()) + first_answer(scratch / "everything")
    return [
        row("empty folder to first passing test", tested, "2 commands", TEST_BUDGET),
        Row("… to the whole suite passing", f"{whole:.1f} s", "2 commands", "—", "—", None),
        row("empty folder to first 200 through the gateway", answered, "2 commands", ANSWER_BUDGET),
        row("… with the frontend, to its first page", everything, "2 commands", FRONTEND_BUDGET),
    ]


def row(what: str, taken: float, against: str, budget: float) -> Row:
    """A row whose result is the share of the budget that was used."""
    return Row(what, f"{taken:.1f} s", against, f"{taken / budget:.2f} × budget", f"≤ {budget:.0f} s", taken <= budget)


def scaffold(project: Path, options: Sequence[str] = BACKEND) -> float:
    """Seconds of the first command."""
    return seconds(
        [
            sys.executable,
            "-m",
            "copier",
            "copy",
            "--defaults",
            "--quiet",
            "--vcs-ref",
            "HEAD",
            *options,
            TEMPLATE,
            project,
        ],
        TEMPLATE,
    )


def test(*arguments: str) -> list[str]:
    """The second command, if it is a test."""
    return [sys.executable, "noxfile.py", "-s", "test", "--", "--no-cov", *arguments]


def first_answer(project: Path) -> float:
    """Seconds of the second command, `-s dev`, until the gateway has answered 200."""
    application = Application(project)
    started = time.monotonic()
    try:
        application.start()
        return time.monotonic() - started
    finally:
        application.stop()
