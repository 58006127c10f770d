"""The command behind `nox -s images`."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tasks.checks import accepted
from tasks.checks.accepted import Entry
from tasks.checks.findings import Finding
from tasks.checks.images import contents, rules, sizes
from tasks.checks.images.rules import Facts
from tasks.checks.images.scan import SCANNERS, Scanned, Skipped, scan
from tasks.checks.images.sizes import Size
from tasks.checks.security.images import findings
from tasks.compose import compose_project, images
from tasks.compose.compose_project import ComposeProject
from tasks.compose.engine import engine_errors
from tasks.compose.images import BuiltImage
from tasks.core import cli, console
from tasks.core.errors import UserError

STEPS = ("build", "check", "scan")
WIDTH_WITHOUT_TERMINAL = 120
FIRST_FINDINGS = 20


def main() -> None:
    """Build the project's images, compare their sizes with the last build's, check and scan them."""
    parser = argparse.ArgumentParser(prog="nox -s images --", description=main.__doc__)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"{', '.join(STEPS)}; all by default")
    parser.add_argument("--require-scan", action="store_true", help="fail when no scanner can look, as in CI")
    arguments = parser.parse_args()
    if unknown := [step for step in arguments.steps if step not in STEPS]:
        parser.error(f"there is no step {', '.join(unknown)}; the steps are: {', '.join(STEPS)}")
    with engine_errors():
        is_required = arguments.require_scan or os.environ.get("CI") == "true"
        run(Path.cwd(), arguments.steps or STEPS, is_scan_required=is_required)


def run(project: Path, steps: Sequence[str], *, is_scan_required: bool) -> None:
    """Take the steps; a UserError names all images that failed one."""
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
    """Build the images one after the other, so that each one's seconds are its own."""
    seconds = {}
    for group in images.groups(place.services):
        began = time.monotonic()
        names = [service.name for service in group]
        images.build(place, names, is_release=True)
        seconds[", ".join(names)] = time.monotonic() - began
    if not seconds:
        raise UserError("compose.yaml builds no image.")
    _tell_sizes(place, seconds)


def _tell_sizes(place: ComposeProject, seconds: dict[str, float]) -> None:
    built, last = images.built(place), sizes.read(place.folder)
    found = {image.name: Size(image.size, _over_base(place, image), seconds[image.title]) for image in built}
    Console(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False).print(
        sizes.table(built, found, last)
    )
    sizes.write(place.folder, found)


def _over_base(place: ComposeProject, image: BuiltImage) -> int | None:
    return None if image.base is None else image.size - images.base_size(place, image.base)


def _check(place: ComposeProject) -> list[str]:
    """The images that are not as they must be."""
    failed = []
    for image in images.built(place):
        facts = Facts(image, _over_base(place, image), contents.files(place.client, image.id))
        found = rules.complaints(facts)
        console.print_result("check", image.title, "\n".join(f"  {line}" for line in found) or None)
        failed += [image.name] if found else []
    return failed


def _scan(place: ComposeProject, *, is_required: bool) -> list[str]:
    """The images that have vulnerabilities which newer versions mend, or could not be scanned though they must be."""
    entries = [entry for entry in accepted.entries() if entry.tool in SCANNERS]
    failed = _files_of_scanners()
    found: dict[tuple[str, str], list[Finding]] = {}
    for image in images.built(place):
        outcome = scan(image.name)
        if isinstance(outcome, Skipped):
            print(f"scan of {image.title} SKIPPED, nothing is known: {outcome.reason}", flush=True)
            failed += [image.name] if is_required else []
            continue
        found[outcome.scanner, image.name] = findings(image.name, outcome)
        failed += [image.name] if _tell_findings(image, outcome, entries) else []
    return failed + _review(entries, found)


def _tell_findings(image: BuiltImage, outcome: Scanned, entries: list[Entry]) -> bool:
    """Print what nobody accepted; returns whether there is any."""
    found = findings(image.name, outcome)
    left = accepted.remaining(entries, found)
    lines = [f"  {each.severity}: {each.rule} in {each.message}" for each in left]
    console.print_result(outcome.scanner, image.title, "\n".join(lines[:FIRST_FINDINGS]) or None)
    print(
        f"  {len(outcome.findings)} known vulnerabilities, {len(found)} with a version that mends them, "
        f"{len(found) - len(left)} accepted"
    )
    return bool(left)


def _review(entries: list[Entry], found: dict[tuple[str, str], list[Finding]]) -> list[str]:
    """The file of what is accepted, where one of its entries for images has expired or covers nothing."""
    wrong = accepted.review(entries, list(found.values()), lambda entry: (entry.tool, entry.path) in found)
    for each in wrong:
        print(f"{each.path}:{each.line}: {each.message}")
    return [str(accepted.FILE)] if wrong else []


def _files_of_scanners() -> list[str]:
    """The files, git-ignored ones included, in which a scanner would be told what to leave out."""
    present = [name for name in accepted.IMAGE_SCANNER_FILES if Path(name).exists()]
    for each in accepted.exceptions_elsewhere(present):
        print(each)
    return present


if __name__ == "__main__":
    cli.run(main)
