"""The questions refuse what cannot work, and say what to do."""

from __future__ import annotations

import keyword
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from copier.errors import UserMessageError

from tests.support import ROOT, nox, run
from toolkit.new import scaffold

SLUGS = {
    "class": "is a name that Python or this project uses itself; add a word, such as: class-app",
    "json": "is a name that Python or this project uses itself",
    "gateway": "is a name that Python or this project uses itself",
    "1st": "starting with a letter",
    "-x": "starting with a letter",
    "../x": "lower-case letters, digits and single hyphens",
    "my_app": "lower-case letters, digits and single hyphens",
    "My-App": "lower-case letters, digits and single hyphens",
    "a--b": "single hyphens",
    "a" * 41: "use at most 39",
}
DERIVED = {
    "My App": "my-app",
    "Café Über Straße": "cafe-uber-strasse",
    "Łódź: naïve #1": "lodz-naive-1",
    "日本語": "app",
    "  spaced  out  ": "spaced-out",
    "{{ 7 * 7 }} & 'x'": None,
}


@pytest.mark.parametrize(("slug", "reason"), SLUGS.items())
def test_a_slug_that_cannot_be_used_is_refused(tmp_path: Path, slug: str, reason: str) -> None:
    with pytest.raises(UserMessageError, match="project_slug") as refusal:
        scaffold(tmp_path / "x-app", {"project_slug": slug}, defaults=True)
    assert reason in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("x" * 200, "200 characters; use at most 80"),
        ("a\nb", "line break"),
        ("a\x00b", "invisible"),
    ],
)
def test_a_name_that_nobody_can_read_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(UserMessageError, match=reason):
        scaffold(tmp_path / "x-app", {"project_name": name, "project_slug": "x-app"}, defaults=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "slug"), DERIVED.items())
def test_the_slug_follows_from_the_name(tmp_path: Path, name: str, slug: str | None) -> None:
    if slug is None:
        with pytest.raises(UserMessageError, match="starting with a letter"):
            scaffold(tmp_path / "x-app", {"project_name": name}, defaults=True)
        return
    scaffold(tmp_path / "x-app", {"project_name": name}, defaults=True)
    stored = yaml.safe_load((tmp_path / "x-app" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert stored["project_slug"] == slug


def test_the_folder_suggests_the_name(tmp_path: Path) -> None:
    scaffold(tmp_path / "order-desk", {}, defaults=True)
    stored = yaml.safe_load((tmp_path / "order-desk" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert (stored["project_name"], stored["project_slug"]) == ("Order Desk", "order-desk")


def test_reserved_slugs_include_all_of_python() -> None:
    config = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    reserved = set(config["reserved_slugs"]["default"].split())
    names = {name.lower() for name in (*sys.stdlib_module_names, *keyword.kwlist)}
    assert {name for name in names if name.isalnum()} - reserved == set()


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--data", "project_slug=class"], ['project_slug: "class" is a name that Python']),
        (["--data", "nonsense=1"], ["No such question: nonsense."]),
        (["--data", "nonsense"], ["--data takes NAME=VALUE, not 'nonsense'."]),
        (["--data-file", "absent.yml"], ["Cannot read the answers in absent.yml: No such file or directory."]),
    ],
)
def test_the_session_says_it_in_two_lines_and_makes_nothing(
    tmp_path: Path, arguments: list[str], lines: list[str]
) -> None:
    session = nox(ROOT, "-s", "new", "--", str(tmp_path / "my-app"), *arguments)
    said = [line for line in session.stdout.splitlines() if not line.startswith(("nox >", "This checkout"))]
    assert session.returncode != 0
    assert said[0].startswith(lines[0])
    assert said[1:] == ["Nothing was made."]
    assert list(tmp_path.iterdir()) == []


REFUSED = {
    "project_slug: class": 'project_slug: "class" is a name that Python or this project uses itself; add a word',
    "project_slug: -x": 'project_slug: "-x" cannot be a slug; use lower-case letters',
    "project_slug: null": 'project_slug: "None" cannot be a slug',
    "project_name: 1st": 'project_slug: "1st" cannot be a slug',
    "project_name: ''": "project_name: The name is empty; give the application a name",
    "project_name: [My, App]": "project_name: The name is not text",
    "description: [no, text]": "description: The description is not text",
    'description: "two\\nlines"': "description: The description has a line break",
    "postgres_version: 9": 'postgres_version: "9" is not a version of PostgreSQL to choose from; use 18, 17, 16 or 15',
    "python_version: [3]": 'python_version: "[3]" is not a version of Python to choose from; use 3.14 or 3.13',
    "organization: My Org": 'organization: "My Org" cannot own a repository',
}


@pytest.mark.parametrize(("answer", "reason"), REFUSED.items())
def test_copier_itself_refuses_an_answer_in_one_line_and_makes_nothing(
    tmp_path: Path, answer: str, reason: str
) -> None:
    (tmp_path / "answers.yml").write_text(answer)
    copied = copier_copy(tmp_path, "--defaults", "--data-file", "answers.yml")
    assert copied.returncode == 1
    assert copied.stdout.count("\n") == 1, copied.stdout
    assert reason in copied.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["answers.yml"]


def test_copier_without_a_terminal_says_how_to_answer(tmp_path: Path) -> None:
    copied = copier_copy(tmp_path)
    assert copied.returncode == 1
    assert "Use `--defaults` and/or `--data`" in copied.stdout.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_the_way_that_copier_tells_leads_to_a_folder_that_looks_like_an_option(tmp_path: Path) -> None:
    copier = (sys.executable, "-m", "copier", "copy", "--vcs-ref=HEAD", "--defaults")
    copied = run(*copier, ROOT, "./-x", cwd=tmp_path)
    assert copied.returncode == 0, copied.stdout
    assert "\n  cd ./-x\n" in copied.stdout
    assert (tmp_path / "-x" / "noxfile.py").is_file()


def copier_copy(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `copier copy` as from any folder; that this working tree may have changes is no matter here."""
    quiet = "ignore:Dirty template changes"
    python = (sys.executable, "-W", quiet)
    return run(*python, "-m", "copier", "copy", "--vcs-ref=HEAD", *options, ROOT, "my-app", cwd=folder)


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    session = run(sys.executable, "-m", "toolkit.new", tmp_path, cwd=ROOT)
    assert session.returncode == 1
    assert "is not an empty folder" in session.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
