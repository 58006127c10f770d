"""The command behind `nox -s images`."""

import argparse
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.table import Column

from tasks.checks import accepted, image_rules, image_scan
from tasks.checks.findings import Finding
from tasks.checks.image_rules import megabytes
from tasks.checks.image_scan import NotScannedError
from tasks.compose import compose_project, images
from tasks.compose.compose import builds
from tasks.compose.compose_project import ComposeProject
from tasks.compose.engine import engine_errors
from tasks.compose.images import BuiltImage
from tasks.core import cli, console
from tasks.core.errors import UserError
from tasks.core.screen import print_table
from tasks.project.data_folder import FOLDER, DataFolder

STEPS = ("build", "check", "scan")
SIZES = "images"
FIRST_FINDINGS = 20


def main() -> None:
    """Build the project's images, compare their sizes with the last build's, check and scan them."""
    parser = argparse.ArgumentParser(prog="nox -s images --", description=main.__doc__)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"{', '.join(STEPS)}; all by default")
    parser.add_argument("--require-scan", action="store_true", help="fail if no scanner can scan, as in CI")
    arguments = parser.parse_args()
    if unknown := [step for step in arguments.steps if step not in STEPS]:
        parser.error(f"unknown step: {', '.join(unknown)}; the steps are: {', '.join(STEPS)}")
    with engine_errors():
        is_required = arguments.require_scan or os.environ.get("CI") == "true"
        run(Path.cwd(), arguments.steps or STEPS, is_scan_required=is_required)


def run(project: Path, steps: Sequence[str], *, is_scan_required: bool) -> None:
    """Take the steps; UserError names all images that failed one."""
    compose_project.ensure_settings(project)
    place = compose_project.load(project)
    failed = []
    if "build" in steps:
        _build(place)
    if "check" in steps:
        failed += [f"check of {name}" for name in _check(place)]
    if "scan" in steps:
        failed += [f"scan of {name}" for name in _scan(place, is_required=is_scan_required)]
    if failed:
        raise UserError(f"images: failed: {', '.join(failed)}")


def _build(place: ComposeProject) -> None:
    """Build the images one after the other, to measure the seconds of each, and print a table of them."""
    seconds = []
    for group in builds(place.services):
        began = time.monotonic()
        images.build(place, [service.name for service in group], is_release=True)
        seconds.append(time.monotonic() - began)
    if not seconds:
        raise UserError("compose.yaml builds no image.")
    built = images.built(place)
    data = DataFolder(place.folder / FOLDER)
    last = data.read(SIZES) or {}
    rows = []
    for image, taken in zip(built, seconds, strict=True):
        over, before = _over_base(place, image), last.get(image.name)
        over_base = "unknown" if over is None else f"{over / 1_000_000:+.1f}"
        grown = "first build" if before is None else f"{(image.size - before) / 1_000_000:+.1f}"
        rows.append([image.title, megabytes(image.size), over_base, grown, f"{taken:.1f}"])
    numbers = (Column(title, justify="right") for title in ("MB", "over base", "since last build", "seconds"))
    print_table(["image", *numbers], rows)
    with suppress(OSError):
        data.path.mkdir(mode=0o700, exist_ok=True)
    data.write(SIZES, {image.name: image.size for image in built})


def _over_base(place: ComposeProject, image: BuiltImage) -> int | None:
    return None if image.base is None else image.size - images.base_size(place, image.base)


def _check(place: ComposeProject) -> list[str]:
    """The images that break a rule."""
    failed = []
    for image in images.built(place):
        files = image_rules.files(place.client, image.id)
        found = image_rules.violations(image, _over_base(place, image), files)
        console.print_result("check", image.title, "\n".join(f"  {line}" for line in found) or None)
        failed += [image.name] if found else []
    return failed


def _scan(place: ComposeProject, *, is_required: bool) -> list[str]:
    """The images with findings that are not accepted, or that were not scanned but must be; files with a fault."""
    entries = [entry for entry in accepted.entries() if entry.tool in image_scan.SCANNERS]
    failed = [name for name in accepted.IMAGE_SCANNER_FILES if Path(name).exists()]
    for each in accepted.exceptions_elsewhere(failed):
        print(each)
    found: dict[tuple[str, str], list[Finding]] = {}
    for image in images.built(place):
        try:
            result = image_scan.scan(image.name)
        except NotScannedError as error:
            print(f"scan of {image.title} SKIPPED: {error}", flush=True)
            failed += [image.name] if is_required else []
            continue
        found[result.scanner, image.name] = result.findings
        left = accepted.remaining(entries, result.findings)
        lines = [f"  {each.severity}: {each.rule} in {each.message}" for each in left[:FIRST_FINDINGS]]
        console.print_result(result.scanner, image.title, "\n".join(lines) or None)
        fixable = len(result.findings)
        print(f"  {result.vulnerabilities} known vulnerabilities, {fixable} fixable, {fixable - len(left)} accepted")
        failed += [image.name] if left else []
    faults = accepted.review(entries, list(found.values()), lambda entry: (entry.tool, entry.path) in found)
    for each in faults:
        print(f"{each.path}:{each.line}: {each.message}")
    return failed + ([str(accepted.FILE)] if faults else [])


if __name__ == "__main__":
    cli.run(main)
