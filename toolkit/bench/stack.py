"""The application in containers: from `up` to healthy, the size of its images, a code change to a rebuilt image."""

from __future__ import annotations

import json
import secrets
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tasks.core.ports import Ports
from toolkit.bench.measure import CommandFailedError, Row
from toolkit.new import scaffold
from toolkit.reliability.alerts import PORTS, without_missing_images
from toolkit.stack import Stack, StackFailedError, call, docker

REBUILD_BUDGET = 5.0
SIZE_BUDGET = 90.0
MONITORING_BUDGET = 60.0
ROUNDS = 3
# A service with all dependencies, whose code is what a change is made in.
SERVICE = "projects"
CODE = Path("src/backend") / SERVICE / "service.py"


def measure(scratch: Path) -> list[Row]:
    """Measure one stack, which is removed in the end; one row with the reason if no engine answers."""
    if not engine_answers():
        return [Row("the application in containers", "not measured", "no Docker Engine answers", "—", "—", None)]
    project = scratch / "project"
    scaffold(project, {"project_name": "Bench App", "parts": ["monitoring"]}, defaults=True)
    with Ports() as ports:
        others = {name: str(ports.take()) for name in PORTS}
        stack = Stack(project, f"bench-{secrets.token_hex(4)}", ports.take(), others)
        try:
            stack.up()
            return [*starts(stack), *sizes(stack), rebuild(stack), monitored(stack)]
        except StackFailedError as error:
            raise CommandFailedError(str(error)) from error
        finally:
            stack.remove()


def engine_answers() -> bool:
    """Whether a Docker Engine answers."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0


def starts(stack: Stack) -> list[Row]:
    """From the command to everything healthy, images built: with existing data, and with new volumes."""
    stack.down()
    kept = clocked(stack.up)
    stack.down("--volumes", "--yes")
    fresh = clocked(stack.up)
    return [
        Row("`nox -s stack -- up` to all healthy, images built", f"{kept:.1f} s", "—", "—", "—", None),
        Row("… for the first time, with a new database", f"{fresh:.1f} s", "—", "—", "—", None),
    ]


def monitored(stack: Stack) -> Row:
    """From the command to everything healthy, with monitoring, whose images are there."""
    without_missing_images(stack.project)
    stack.session("up", "--monitoring")
    stack.down("--volumes", "--yes")
    taken = clocked(lambda: stack.session("up", "--monitoring"))
    what = "`nox -s stack -- up --monitoring` for the first time, images there"
    return Row(what, f"{taken:.1f} s", "—", "—", f"≤ {MONITORING_BUDGET:.0f} s", taken <= MONITORING_BUDGET)


def sizes(stack: Stack) -> list[Row]:
    """Each kind of image over its base."""
    built = json.loads(compose(stack, "config", "--format", "json"))["services"]
    base = size(built[SERVICE]["build"]["args"]["PYTHON_IMAGE"])
    return [size_row(name, size(stack.inspect()[name]["Image"]), base) for name in (SERVICE, "gateway")]


def size(image: str) -> float:
    """The image's size in MB."""
    return int(docker("image", "inspect", "--format", "{{.Size}}", image)) / 1e6


def size_row(name: str, ours: float, base: float) -> Row:
    """The size that the image of a service adds to its base."""
    return Row(
        f"image of {name} over its base",
        f"{ours:.0f} MB",
        f"{base:.0f} MB (Python)",
        f"{ours - base:+.0f} MB",
        f"≤ {SIZE_BUDGET:.0f} MB",
        ours - base <= SIZE_BUDGET,
    )


def rebuild(stack: Stack) -> Row:
    """From a change of code to the rebuilt image, against building without a change."""

    def changed() -> float:
        with (stack.project / CODE).open("a", encoding="utf-8") as code:
            code.write(f"\n# {secrets.token_hex(8)}\n")
        return clocked(lambda: compose(stack, "build", SERVICE))

    compose(stack, "build", SERVICE)
    before = stack.inspect()[SERVICE]["Image"]
    taken = statistics.median(changed() for _ in range(ROUNDS))
    unchanged = clocked(lambda: compose(stack, "build", SERVICE))
    stack.up()
    if stack.inspect()[SERVICE]["Image"] == before:
        raise CommandFailedError(f"the stack runs the image of {SERVICE} from before the change")
    return Row(
        "code change to rebuilt image",
        f"{taken:.1f} s",
        f"{unchanged:.1f} s (nothing to do)",
        f"{taken / REBUILD_BUDGET:.2f} × budget",
        f"≤ {REBUILD_BUDGET:.0f} s",
        taken <= REBUILD_BUDGET,
    )


def compose(stack: Stack, *arguments: str) -> str:
    """The output of Compose in the project, which the session has set up. Raises StackFailedError."""
    return call("docker", "compose", *arguments, cwd=stack.project, settings=stack.settings)


def clocked(action: Callable[[], object]) -> float:
    """The seconds that the action takes."""
    started = time.monotonic()
    action()
    return time.monotonic() - started
