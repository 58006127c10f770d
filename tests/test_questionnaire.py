"""The questions on a terminal: accepted defaults, a corrected answer, Ctrl-C."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import yaml

from tests.on_terminal import CTRL_C, ENTER, ERASE_LINE, OnTerminal
from tests.support import ROOT

# A part of the help of each question, in order.
QUESTIONS = ("Name of", "Slug for", "Purpose of", "Owner of", "Optional parts", "PostgreSQL version", "Python version")


def test_invalid_answer_can_be_corrected_and_defaults_accepted(questions_only: Path, tmp_path: Path) -> None:
    copy = [sys.executable, "-m", "copier", "copy", str(questions_only), "order-desk"]
    with closing(OnTerminal(copy, tmp_path)) as asked:
        for question in QUESTIONS:
            asked.await_text(question)
            if question == "Slug for":
                asked.press(ERASE_LINE + "My Desk" + ENTER)
                asked.await_text("Use at most 39 lower-case letters")
                asked.press(ERASE_LINE + "desk")
            asked.press(ENTER)
        assert asked.end() == 0, asked.shown
    answers = yaml.safe_load((tmp_path / "order-desk" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert (answers["project_name"], answers["project_slug"], answers["organization"]) == ("Order Desk", "desk", "desk")


def test_ctrl_c_at_a_question_creates_nothing(tmp_path: Path) -> None:
    new = [sys.executable, "-m", "toolkit.new", str(tmp_path / "my-app")]
    with closing(OnTerminal(new, ROOT)) as asked:
        asked.await_text(QUESTIONS[0])
        asked.press(CTRL_C)
        asked.await_text("Interrupted: no project was created.")
        assert asked.end() == 130
    assert list(tmp_path.iterdir()) == []
