"""What nox adds to a tool, and what `-t check -j auto` adds to its slowest session; both warm."""

from __future__ import annotations

import sys
from pathlib import Path

from toolkit.bench.measure import Row, medians, seconds

OVERHEAD_BUDGET = 0.170
CHECK_BUDGET = 1.2
CHECKS = ("lint", "typecheck", "test", "db_check")


def measure(project: Path) -> list[Row]:
    """Run sessions and tools in a project whose environments exist."""
    return [overhead(project), check(project)]


def nox(project: Path, *arguments: str) -> float:
    """Seconds of nox itself with these arguments."""
    return seconds([sys.executable, "-m", "nox", *arguments], project)


def overhead(project: Path) -> Row:
    """The lint session's ruff rules against ruff's own command line."""
    module = [str(project / ".nox/typecheck/bin/python"), "-m", "mypy"]
    session, tool = medians(7, lambda: nox(project, "-s", "typecheck"), lambda: seconds(module, project))
    extra = session - tool
    return Row(
        "a warm session over its bare tool (typecheck)",
        f"{session:.2f} s",
        f"{tool:.2f} s (mypy)",
        f"+ {extra * 1000:.0f} ms",
        f"≤ {OVERHEAD_BUDGET * 1000:.0f} ms",
        extra <= OVERHEAD_BUDGET,
    )


def check(project: Path) -> Row:
    """All checks in parallel against the slowest of them alone."""
    # Each takes a minute or two: long enough to be measured once, after a first run of each that warms.
    together, *alone = medians(
        1,
        lambda: nox(project, "-t", "check", "-j", "auto"),
        *(lambda name=name: nox(project, "-s", name) for name in CHECKS),
    )
    slowest = max(alone)
    name = CHECKS[alone.index(slowest)]
    return Row(
        "`nox -t check -j auto`",
        f"{together:.1f} s",
        f"{slowest:.1f} s ({name} alone)",
        f"{together / slowest:.2f} ×",
        f"≤ {CHECK_BUDGET} ×",
        together / slowest <= CHECK_BUDGET,
    )
