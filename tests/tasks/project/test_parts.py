"""The table of parts agrees with the questions, and code asks it rather than name a part."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.project import parts
from tests.support import ROOT, nox, run

# The table, and what has the name of a part for another reason: lists of locks, an option of `stack`, a page about it.
NAMED = {
    *("tasks/checksums.txt", "tasks/project/parts.py", "tasks/pyproject.toml", "pyproject.toml", "docs/operations.md"),
    *("tasks/compose/command.py", "tasks/compose/compose.py", "tasks/compose/up.py"),
}
CONDITION = re.compile(r"\{% if '(\w+)' not in parts %\}/(.+)\{% endif %\}")


def questions() -> dict[str, Any]:
    """The content of copier.yml."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    return found


def test_copier_offers_the_parts_and_leaves_out_what_they_own() -> None:
    found = questions()
    names = [part.name for part in parts.PARTS]
    assert list(found["parts"]["choices"].values()) == found["parts"]["default"] == names
    left_out = [match.groups() for text in found["_exclude"] if (match := CONDITION.fullmatch(text))]
    assert left_out == [(part.name, path) for part in parts.PARTS for path in part.owns]
    assert {need for part in parts.PARTS for need in part.needs} <= {*names}


def test_only_the_table_and_the_parts_themselves_name_a_part() -> None:
    for part in parts.PARTS:
        names = (f"tasks.{part.name}", *(path for path in part.owns if not path.startswith("tasks/")))
        patterns = [word for name in names for word in ("-e", name)]
        found = run("git", "grep", "-lwF", *patterns, "--", "tasks/*.py", cwd=ROOT).stdout.splitlines()
        elsewhere = [path for path in found if not path.startswith(f"tasks/{part.name}/")]
        assert elsewhere == ["tasks/project/parts.py"]


@pytest.mark.slow
def test_a_project_without_parts_names_none_and_has_nothing_to_check(rendered: Callable[[str], Path]) -> None:
    project = rendered("backend")
    names = [each for part in parts.PARTS for each in ("-e", part.name)]
    found = run("git", "grep", "-liwF", *names, "--", ":!.copier-answers.yml", cwd=project).stdout.splitlines()
    assert {*found} <= NAMED
    assert "tasks/project/parts.py" in found
    done = nox(project, "-s", "parts")
    assert done.returncode == 0, done.stdout


def test_hooks_are_of_the_parts_that_the_project_has(tmp_path: Path) -> None:
    assert parts.hooks(tmp_path, "sessions") == []
    (tmp_path / "src/frontend").mkdir(parents=True)
    assert [module.__name__ for module in parts.hooks(tmp_path, "sessions")] == ["tasks.frontend.sessions"]
    assert parts.hooks(tmp_path, "absent") == []
