"""What nox adds to a tool, what running checks in parallel costs, and how fast unchanged checks and reloads are."""

from __future__ import annotations

import http.client
import os
import resource
import sys
import time
from pathlib import Path

from toolkit.application import Application
from toolkit.bench.measure import CommandFailedError, Row, medians, seconds

OVERHEAD_BUDGET = 0.120
PARALLEL_BUDGET = 1.15
SLOWEST_BUDGET = 1.1
UNCHANGED_BUDGET = 5.0
RELOAD_BUDGET = 1.0
RELOADS = 5
LONGEST_RELOAD = 60.0
CHECKS = ("lint", "typecheck", "test", "db_check", "security")
# With it a check runs though nothing has changed since it passed.
FORCE = ("--", "--no-cache")


def measure(project: Path) -> list[Row]:
    """Run sessions and tools in a project whose environments exist."""
    return [overhead(project), *checks(project), reload(project)]


def nox(project: Path, *arguments: str) -> float:
    """Seconds of nox itself with these arguments."""
    return seconds([sys.executable, "-m", "nox", *arguments], project)


def overhead(project: Path) -> Row:
    """The typecheck session against mypy's own command line."""
    module = [str(project / ".nox/typecheck/bin/python"), "-m", "mypy"]
    session, tool = medians(7, lambda: nox(project, "-s", "typecheck", *FORCE), lambda: seconds(module, project))
    extra = session - tool
    return Row(
        "a warm session over its bare tool (typecheck)",
        f"{session:.2f} s",
        f"{tool:.2f} s (mypy)",
        f"+ {extra * 1000:.0f} ms",
        f"≤ {OVERHEAD_BUDGET * 1000:.0f} ms",
        extra <= OVERHEAD_BUDGET,
    )


def checks(project: Path) -> list[Row]:
    """All checks in parallel against their CPU time and the slowest of them, then once more with nothing changed."""
    nox(project, "-t", "check", "-j", "auto", *FORCE)
    alone = {name: nox(project, "-s", name, *FORCE) for name in CHECKS}
    slowest = max(alone, key=lambda name: alone[name])
    before = cpu_seconds()
    together = nox(project, "-t", "check", "-j", "auto", *FORCE)
    share = (cpu_seconds() - before) / (os.cpu_count() or 1)
    unchanged = nox(project, "-t", "check")
    met = together <= PARALLEL_BUDGET * share or together <= SLOWEST_BUDGET * alone[slowest]
    return [
        Row(
            "`nox -t check -j auto`",
            f"{together:.1f} s",
            f"{share:.1f} s (CPU time ÷ cores), {alone[slowest]:.1f} s ({slowest} alone)",
            f"{together / share:.2f} ×, {together / alone[slowest]:.2f} ×",
            f"≤ {PARALLEL_BUDGET} × or ≤ {SLOWEST_BUDGET} ×",
            met,
        ),
        Row(
            "`nox -t check`, nothing changed",
            f"{unchanged:.1f} s",
            f"{together:.1f} s",
            f"{unchanged / together:.2f} ×",
            f"≤ {UNCHANGED_BUDGET:.0f} s",
            unchanged <= UNCHANGED_BUDGET,
        ),
    ]


def cpu_seconds() -> float:
    """CPU time of all finished child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reload(project: Path) -> Row:
    """From a change of a service's code in `dev` to the first answer with the new code, the median of some."""
    application = Application(project)
    try:
        application.start()
        taken = sorted(reload_once(project, application.ports["projects"], number) for number in range(RELOADS))
    finally:
        application.stop()
    median = taken[len(taken) // 2]
    return Row(
        "code change to the reloaded service answering",
        f"{median:.2f} s",
        f"{RELOADS} changes",
        f"{median / RELOAD_BUDGET:.2f} × budget",
        f"≤ {RELOAD_BUDGET:.0f} s",
        median <= RELOAD_BUDGET,
    )


def reload_once(project: Path, port: int, number: int) -> float:
    """Seconds until a route added to the projects service is in its OpenAPI document."""
    endpoints = project / "src/backend/projects/endpoints.py"
    route = f'\n\n@router.get("/reload-{number}")\nasync def reload_{number}() -> None:\n    """Measured."""\n'
    started = time.monotonic()
    endpoints.write_text(endpoints.read_text(encoding="utf-8") + route, encoding="utf-8")
    while f"/reload-{number}" not in get(port, "/openapi.json"):
        if time.monotonic() - started > LONGEST_RELOAD:
            raise CommandFailedError("the projects service did not answer with the changed code")
        time.sleep(0.01)
    return time.monotonic() - started


def get(port: int, path: str) -> str:
    """The body of a GET; empty while nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
