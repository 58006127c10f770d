"""Scaffolding against Copier's own floor (a template of one file) and against a plain copy."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from toolkit.bench.measure import Row, medians, seconds
from toolkit.git import git
from toolkit.new import TEMPLATE

BUDGET_SECONDS = 2.0


def measure(scratch: Path) -> list[Row]:
    """Copy the whole template, a one-file template and the finished project in turns."""
    floor = one_file_template(scratch / "floor-template")
    number = itertools.count()

    def copier(template: Path) -> float:
        target = scratch / f"scaffold-{next(number)}"
        return seconds(
            [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD", template, target],
            scratch,
        )

    copier(TEMPLATE)
    project = scratch / "scaffold-0"
    ours, bare, copied = medians(
        7,
        lambda: copier(TEMPLATE),
        lambda: copier(floor),
        lambda: seconds(["cp", "-r", project, scratch / f"copy-{next(number)}"], scratch),
    )
    return [
        Row(
            "scaffold the full application",
            f"{ours:.2f} s",
            f"{bare:.2f} s (Copier, one file)",
            f"{ours / bare:.2f} ×",
            f"≤ {BUDGET_SECONDS} s",
            ours <= BUDGET_SECONDS,
        ),
        Row("the same against `cp -r`", f"{ours:.2f} s", f"{copied:.3f} s", f"{ours / copied:.0f} ×", "—", None),
    ]


def one_file_template(folder: Path) -> Path:
    """The least that Copier can copy: one question, one file, in a git repository like ours."""
    folder.mkdir()
    (folder / "copier.yml").write_text("name:\n  type: str\n  default: x\n", encoding="utf-8")
    (folder / "file.txt").write_text("text\n", encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=B", "-c", "user.email=b@localhost", "commit", "--quiet", "-m", "floor")
    return folder
