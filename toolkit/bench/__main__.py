"""`python -m toolkit.bench [PART…]` measures all or some parts and prints a table; all parts also write the page."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from toolkit.application import Application
from toolkit.bench import first, frontend, gateway, jobs, scaffold, sessions, stack
from toolkit.bench.measure import CommandFailedError, Row
from toolkit.new import TEMPLATE, scaffold as new_project

PAGE = TEMPLATE / "docs" / "benchmarks.md"
# Written by .ci/run.
CI_STEPS = TEMPLATE / ".data" / "ci-steps.txt"
HEAD = """# Benchmarks

Written by `nox -s bench`: every ratio is of figures from one run on one machine, package caches warm.

"""


def main(names: list[str]) -> None:
    """Measure; exit 1 if a budget is missed."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"Unknown parts: {', '.join(unknown)}. Use {', '.join(PARTS)}.")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        for name in names or PARTS:
            print(f"measuring: {name}", flush=True)
            scratch = Path(folder) / name
            scratch.mkdir()
            rows += measured(PARTS[name], scratch)
    show(rows)
    if not names:
        PAGE.write_text(HEAD + markdown(rows) + ci_steps(), encoding="utf-8")
        print(f"Written to {PAGE.relative_to(TEMPLATE)}")
    sys.exit(any(row.met is False for row in rows))


def measured(part: Callable[[Path], list[Row]], scratch: Path) -> list[Row]:
    """The rows of one part; exits if one of its commands fails."""
    try:
        return part(scratch)
    except CommandFailedError as error:
        sys.exit(f"A measured command failed, so there is no figure:\n{error}")


def with_project(part: Callable[[Path, Path], list[Row]]) -> Callable[[Path], list[Row]]:
    """Give the part a project whose environments exist, since it has run once."""

    def run(scratch: Path) -> list[Row]:
        project = scratch / "project"
        new_project(project, {"project_name": "Bench App", "parts": []}, defaults=True)
        application = Application(project)
        try:
            application.start()
        finally:
            application.stop()
        return part(scratch, project)

    return run


PARTS: dict[str, Callable[[Path], list[Row]]] = {
    "scaffold": scaffold.measure,
    "first": first.measure,
    "sessions": with_project(lambda _, project: sessions.measure(project)),
    "gateway": with_project(gateway.measure),
    "jobs": with_project(lambda _, project: jobs.measure(project)),
    "stack": stack.measure,
    "frontend": frontend.measure,
}


def mark(row: Row) -> str:
    """Whether the budget was met."""
    return {True: "met", False: "MISSED", None: "—"}[row.met]


def show(rows: list[Row]) -> None:
    """Print the table for people."""
    table = Table("what", "ours", "against", "result", "budget", "")
    for row in rows:
        table.add_row(row.what, row.ours, row.against, row.result, row.budget, mark(row))
    Console(width=140).print(table)


def markdown(rows: list[Row]) -> str:
    """The table for the page, and the machine that was measured."""
    lines = ["| what | ours | against | result | budget | |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [
        f"| {row.what} | {row.ours} | {row.against} | {row.result} | {row.budget} | {mark(row)} |" for row in rows
    ]
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return "\n".join(lines) + f"\n\nMeasured on {machine}.\n"


def ci_steps() -> str:
    """The seconds of the steps of the last `.ci/run`, if it ran here."""
    if not CI_STEPS.exists():
        return ""
    return f"\n## Steps of .ci/run\n\n```text\n{CI_STEPS.read_text(encoding='utf-8')}```\n"


if __name__ == "__main__":
    main(sys.argv[1:])
