"""Builds the project's images, checks the rules for every built image, and scans them: `nox -s images`."""

import argparse
import os
import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from docker import DockerClient
from rich.table import Column

from tasks.checks import findings, image_scan
from tasks.checks.security.scanners import Skipped
from tasks.compose import compose_project, images
from tasks.compose.compose_project import ComposeProject
from tasks.compose.engine import engine_errors
from tasks.compose.images import BuiltImage
from tasks.core import console
from tasks.core.errors import UserError
from tasks.core.screen import print_table

STEPS = ("build", "check", "scan")
MEGABYTE = 1_000_000
BUDGET_BYTES = 90 * MEGABYTE
LABELS = ("org.opencontainers.image.revision", "org.opencontainers.image.version")
# Programs that install or compile; also with a version or an architecture, as gcc-14 and x86_64-linux-gnu-as.
TOOLS = (
    *("apt", "apt-get", "aptitude", "dpkg", "rpm", "yum", "dnf", "microdnf", "apk", "zypper", "pacman"),
    *("pip", "pipx", "uv", "uvx", "poetry", "conda", "npm", "npx", "yarn", "pnpm", "corepack", "gem", "cargo"),
    *("cc", "gcc", "g++", "c++", "cpp", "clang", "tcc", "ld", "as", "make", "cmake", "ninja", "rustc", "go"),
)
PREFIX, SUFFIX = r"(^|/)(s?bin|libexec(/.*)?)/([a-z0-9_]+-linux-gnu-)?", r"(-?\d[\d.]*)?$"
PROGRAM = re.compile(rf"{PREFIX}({'|'.join(map(re.escape, TOOLS))}){SUFFIX}")
INSTALLERS = re.compile(r"(^|/)(?:site|dist)-packages/(pip|uv|conda)/__init__\.py$|(^|/)ensurepip/__init__\.py$")


def main() -> str | None:
    """Build the project's images and print their sizes, check and scan them."""
    parser = argparse.ArgumentParser(prog="nox -s images --", description=main.__doc__)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"{', '.join(STEPS)}; all by default")
    parser.add_argument("--require-scan", action="store_true", help="fail if Trivy cannot scan, as in CI")
    arguments = parser.parse_args()
    if unknown := [step for step in arguments.steps if step not in STEPS]:
        parser.error(f"unknown step: {', '.join(unknown)}; the steps are: {', '.join(STEPS)}")
    steps, failed = arguments.steps or STEPS, []
    with engine_errors():
        compose_project.ensure_settings(Path.cwd())
        place = compose_project.load(Path.cwd())
        if "build" in steps:
            _build(place)
        if "check" in steps:
            failed += [f"check of {name}" for name in _check(place)]
        if "scan" in steps:
            is_required = arguments.require_scan or os.environ.get("CI") == "true"
            failed += [f"scan of {name}" for name in _scan(place, is_required=is_required)]
    return f"images: failed: {', '.join(failed)}" if failed else None


def _build(place: ComposeProject) -> None:
    """Build the images and print a table of their sizes."""
    images.build(place, is_release=True)
    rows = []
    for image in images.built(place):
        over = _over_base(place, image)
        over_base = "unknown" if over is None else f"{over / MEGABYTE:+.1f}"
        rows.append([image.title, f"{image.size / MEGABYTE:.1f}", over_base])
    if not rows:
        raise UserError("compose.yaml builds no image.")
    print_table(["image", Column("MB", justify="right"), Column("over base", justify="right")], rows)


def _over_base(place: ComposeProject, image: BuiltImage) -> int | None:
    return None if image.base is None else image.size - images.base_size(place, image.base)


def _check(place: ComposeProject) -> list[str]:
    """The images that break a rule."""
    failed = []
    for image in images.built(place):
        files = _files(place.client, image.id)
        found = [*_configuration_faults(image.configuration), *_content_faults(_over_base(place, image), files)]
        console.print_result("check", image.title, "\n".join(f"  {line}" for line in found) or None)
        failed += [image.name] if found else []
    return failed


def _files(client: DockerClient, image: str) -> list[str]:
    """The paths of an image's files, without the leading slash; nothing of the image is run."""
    # Never started; an image without an entry point needs a command to be accepted.
    container: str = client.api.create_container(image, command=["none"])["Id"]
    try:
        with tempfile.TemporaryFile() as file:
            for chunk in client.api.export(container):
                file.write(chunk)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                return [member.name.removeprefix("./") for member in archive if not member.isdir()]
    finally:
        client.api.remove_container(container, v=True, force=True)


def _configuration_faults(image: dict[str, Any]) -> Iterator[str]:
    user = str(image.get("User") or "")
    number = user.partition(":")[0]
    # Kubernetes can only check of a number that it is not root.
    if not number.isdecimal() or not int(number):
        yield f"its user is {user or 'not set, so root'}: set a number other than 0, USER 10001:10001"
    # Without a health check, a container whose process hangs is taken to be healthy.
    if ((image.get("Healthcheck") or {}).get("Test") or ["NONE"])[0] == "NONE":
        yield "it has no HEALTHCHECK"
    command = image.get("Entrypoint") or image.get("Cmd") or [""]
    if not command[0]:
        yield "it has no entry point: ENTRYPOINT [...]"
    # A shell would keep signals from the process.
    elif PurePosixPath(command[0]).name in {"sh", "bash", "dash"} and "-c" in command:
        yield f"its first process is a shell: {' '.join(command[:2])}; write ENTRYPOINT [...]"
    # They identify the source of a running container.
    if missing := [name for name in LABELS if not (image.get("Labels") or {}).get(name)]:
        yield f"labels without a value: {', '.join(missing)}; commit, then: nox -s images -- build"


def _content_faults(over_base: int | None, files: list[str]) -> Iterator[str]:
    # Every node pulls these bytes at each release.
    if over_base is None:
        yield "its base is unknown: name it in a build argument such as PYTHON_IMAGE"
    elif over_base > BUDGET_BYTES:
        yield f"it has {over_base / MEGABYTE:.1f} MB over its base; the budget is {BUDGET_BYTES / MEGABYTE:.1f} MB"
    # An intruder would use them first.
    if tools := sorted(path for path in files if PROGRAM.search(path) or INSTALLERS.search(path)):
        yield f"it can install or compile: {', '.join(tools[:8])}{' ...' if len(tools) > 8 else ''}"


def _scan(place: ComposeProject, *, is_required: bool) -> list[str]:
    """The images with findings that are not accepted, or that were not scanned but must be; files with a fault."""
    entries = [entry for entry in findings.entries() if entry.tool == image_scan.TOOL]
    failed: list[str] = []
    found: dict[str, list[findings.Finding]] = {}
    for image in images.built(place):
        try:
            result = image_scan.scan(image.name)
        except Skipped as error:
            print(f"scan of {image.title} SKIPPED: {error}", flush=True)
            failed += [image.name] if is_required else []
            continue
        found[image.name] = result.findings
        left = findings.remaining(entries, result.findings)
        lines = [f"  {each.severity}: {each.rule} in {each.message}" for each in left]
        console.print_result(image_scan.TOOL, image.title, "\n".join(lines) or None)
        fixable = len(result.findings)
        print(f"  {result.scope}, {fixable} fixable, {fixable - len(left)} accepted")
        failed += [image.name] if left else []
    faults = findings.review(entries, list(found.values()), lambda entry: entry.path in found)
    for each in faults:
        print(f"{each.path}:{each.line}: {each.message}")
    return failed + ([str(findings.FILE)] if faults else [])
