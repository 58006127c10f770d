"""The questions on a terminal: defaults that can be taken, refusals that can be mended, and a way out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.on_terminal import CTRL_C, ENTER, ERASE_LINE, OnTerminal
from tests.support import ROOT

QUESTIONS = ("as people read it", "for machines", "in one sentence", "Who owns", "PostgreSQL", "Python")


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Callable[[str], OnTerminal]]:
    """A function that begins a project in a folder of this name."""
    asked: list[OnTerminal] = []

    def begin(name: str) -> OnTerminal:
        asked.append(OnTerminal([sys.executable, "-m", "toolkit.new", str(tmp_path / name)], ROOT))
        return asked[0]

    yield begin
    for each in asked:
        each.close()


def recorded(project: Path) -> tuple[str, str]:
    """The name and the slug that were answered."""
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    return answers["project_name"], answers["project_slug"]


def test_whoever_takes_every_default_gets_a_project(ask: Callable[[str], OnTerminal], tmp_path: Path) -> None:
    asked = ask("order-desk")
    for question in QUESTIONS:
        asked.await_text(question)
        asked.press(ENTER)
    assert asked.end() == 0, asked.shown
    assert recorded(tmp_path / "order-desk") == ("Order Desk", "order-desk")


def test_a_folder_whose_name_is_reserved_suggests_another(ask: Callable[[str], OnTerminal], tmp_path: Path) -> None:
    asked = ask("json")
    for question in QUESTIONS:
        asked.await_text(question)
        asked.press(ENTER)
    assert asked.end() == 0, asked.shown
    assert recorded(tmp_path / "json") == ("Json", "json-app")


def test_a_refused_answer_says_why_and_can_be_mended(ask: Callable[[str], OnTerminal], tmp_path: Path) -> None:
    asked = ask("my-app")
    asked.await_text(QUESTIONS[0])
    asked.press(ENTER)
    asked.await_text(QUESTIONS[1])
    asked.press(ERASE_LINE + "class" + ENTER)
    asked.await_text('"class" is a name that Python')
    asked.press(ERASE_LINE + "class-app" + ENTER)
    for question in QUESTIONS[2:]:
        asked.await_text(question)
        asked.press(ENTER)
    assert asked.end() == 0, asked.shown
    assert recorded(tmp_path / "my-app") == ("My App", "class-app")


def test_ctrl_c_at_a_question_leaves_nothing(ask: Callable[[str], OnTerminal], tmp_path: Path) -> None:
    asked = ask("my-app")
    asked.await_text(QUESTIONS[0])
    asked.press(CTRL_C)
    asked.await_text("Interrupted: nothing was made.")
    assert asked.end() == 1
    assert list(tmp_path.iterdir()) == []
