"""The questions: defaults, and invalid answers."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy

from tasks.core.errors import UserError
from tests.support import ROOT, nox, run
from toolkit.new import answers, check, questions, scaffold

Ask = Callable[..., dict[str, str]]


@pytest.fixture
def ask(questions_only: Path, tmp_path: Path) -> Ask:
    """A function from a folder's name and given answers to the recorded answers; all others are defaults."""

    def recorded(folder: str, **given: str) -> dict[str, str]:
        run_copy(str(questions_only), tmp_path / folder, data=given, defaults=True, quiet=True)
        found: dict[str, str] = yaml.safe_load((tmp_path / folder / ".copier-answers.yml").read_text(encoding="utf-8"))
        return found

    return recorded


def test_every_question_changes_a_file_besides_the_recorded_answers() -> None:
    templates = [path for path in (ROOT / "template").rglob("*.jinja") if "answers_file" not in path.name]
    expressions = " ".join(found for path in templates for found in re.findall(r"\{\{.+?\}\}", path.read_text("utf-8")))
    expressions += " ".join(yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))["_exclude"])
    assert {question for question in questions() if not re.search(rf"\b{question}\b", expressions)} == set()


SLUGS = {
    "My App": "my-app",
    "email": "email",
    "  spaced  out  ": "spaced-out",
    "1st of 2": "st-of-2",
    "{{ 7 * 7 }} & 'x'": "x",
    "!": "app",
    "Café": "folder",
    "日本語": "folder",
    "a" * 38 + " b": "a" * 38,
}


@pytest.mark.parametrize(("name", "slug"), SLUGS.items())
def test_slug_is_derived_from_the_name_or_the_folder(ask: Ask, name: str, slug: str) -> None:
    recorded = ask("folder", project_name=name)
    assert (recorded["project_slug"], recorded["organization"]) == (slug, slug)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("order-desk", "Order Desk"), ("json", "Json"), ("-", "My App"), ("a\nb", "A B"), ("x" * 99, "X" + "x" * 79)],
)
def test_defaults_are_derived_from_the_folder_and_valid(ask: Ask, folder: str, name: str) -> None:
    recorded = {key: given for key, given in ask(folder).items() if not key.startswith("_")}
    assert recorded["project_name"] == name
    assert ask("again", **recorded).items() >= recorded.items()


INVALID = {
    ("project_slug", "1st"): "starting with a letter",
    ("project_slug", "-x"): "starting with a letter",
    ("project_slug", "../x"): "lower-case letters, digits and single hyphens",
    ("project_slug", "my_app"): "lower-case letters, digits and single hyphens",
    ("project_slug", "My-App"): "lower-case letters, digits and single hyphens",
    ("project_slug", "a--b"): "single hyphens",
    ("project_slug", "a\n"): "lower-case letters",
    ("project_slug", "a" * 40): "at most 39",
    ("project_name", ""): "1 to 80 printable characters",
    ("project_name", "   "): "1 to 80 printable characters",
    ("project_name", "x" * 81): "1 to 80 printable characters",
    ("project_name", "a\nb"): "on one line",
    ("project_name", "a\x00b"): "printable",
    ("description", "two\nlines"): "printable characters on one line",
    ("organization", "My Org"): "lower-case letters, digits and single hyphens",
    ("organization", "a" * 40): "at most 39",
    ("parts", "[backend]"): r"'backend' is not in \['frontend', 'monitoring'\]",
    ("postgres_version", "9"): r"'9' is not in \['18', '17', '16', '15'\]",
    ("python_version", "3.12"): r"'3.12' is not in \['3.14', '3.13'\]",
}


@pytest.mark.parametrize(("answer", "reason"), INVALID.items())
def test_invalid_answer_is_refused_by_name(ask: Ask, tmp_path: Path, answer: tuple[str, str], reason: str) -> None:
    question, text = answer
    with pytest.raises(ValueError, match=rf"'{question}': .*{reason}"):
        ask("my-app", **{question: text})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "given", [{"project_name": ["My", "App"]}, {"project_slug": None}, {"description": {}}, {"parts": {}}]
)
def test_answer_of_another_kind_is_refused(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=f"{next(iter(given))} must be {'a list' if 'parts' in given else 'text'}"):
        check(tmp_path / "my-app", given)


def test_scaffold_refuses_an_invalid_answer_on_one_line_and_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        scaffold(tmp_path / "a" / "my-app", {"project_slug": "My-App"}, defaults=True)
    assert "project_slug" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"data": ["nonsense"]}, "--data takes NAME=VALUE, not 'nonsense'."),
        ({"data_file": "absent.yml"}, "Cannot read the answers in absent.yml: No such file or directory."),
        ({"data_file": "date.yml"}, "Cannot read the answers in date.yml: month must be in 1..12."),
        ({"data_file": "text.yml"}, "text.yml has no answers"),
    ],
)
def test_unreadable_answers_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("date.yml").write_text("project_name: 2026-13-45\n")
    Path("text.yml").write_text("only text\n")
    with pytest.raises(UserError) as refusal:
        answers(argparse.Namespace(**{"data": [], "data_file": None} | options))
    assert reason in str(refusal.value)


def test_command_line_takes_precedence_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "given.yml").write_text("_src_path: elsewhere\nproject_name: File\norganization: acme\n")
    options = argparse.Namespace(data=["project_name=Mine=yours"], data_file=tmp_path / "given.yml")
    assert answers(options) == {"project_name": "Mine=yours", "organization": "acme"}


def test_unknown_question_is_refused_on_one_line_by_the_session(tmp_path: Path) -> None:
    (tmp_path / "answers.yml").write_text("2: 2\nyes: 2\n")
    session = nox(ROOT, "-s", "new", "--", str(tmp_path / "my-app"), "--data-file", str(tmp_path / "answers.yml"))
    output = [line for line in session.stdout.splitlines() if not line.startswith(("nox >", "This checkout"))]
    assert session.returncode != 0
    assert len(output) == 1
    assert output[0] == f"Unknown question: 2, True. Known: {', '.join(sorted(questions()))}."
    assert [path.name for path in tmp_path.iterdir()] == ["answers.yml"]


def test_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match="is not an empty folder"):
        scaffold(tmp_path, {}, defaults=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_copier_refuses_an_invalid_answer_and_creates_nothing(questions_only: Path, tmp_path: Path) -> None:
    copied = copier_copy(questions_only, tmp_path, "my-app", "--defaults", "--data=project_slug=My-App")
    assert copied.returncode == 1
    assert "project_slug" in copied.stdout.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_copier_without_a_terminal_names_the_options_for_answers(questions_only: Path, tmp_path: Path) -> None:
    copied = copier_copy(questions_only, tmp_path, "my-app")
    assert copied.returncode == 1
    assert "Use `--defaults` and/or `--data`" in copied.stdout.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_copier_prints_a_command_that_works_for_a_folder_named_like_an_option(
    questions_only: Path, tmp_path: Path
) -> None:
    copied = copier_copy(questions_only, tmp_path, "./-x", "--defaults")
    assert copied.returncode == 0, copied.stdout
    assert "\n  cd ./-x\n" in copied.stdout
    assert (tmp_path / "-x" / ".copier-answers.yml").is_file()


def copier_copy(template: Path, folder: Path, target: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `copier copy` in the folder."""
    return run(sys.executable, "-m", "copier", "copy", *options, template, target, cwd=folder)
