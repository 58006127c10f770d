"""Looks for known vulnerabilities in the images of the project that this machine's engine has."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tasks.checks.images.scan import Scanned, scan as look_into, version
from tasks.checks.security.scan import Check, Finding, NothingThere, Scan, Skipped
from tasks.compose import compose_project
from tasks.compose.compose import Compose
from tasks.compose.compose_project import ComposeService
from tasks.core.console import count
from tasks.core.errors import UserError
from tasks.project import env_file

BUILD = "nox -s images -- build"
# What the scanners say beside the severities that findings have.
SEVERITIES = {"negligible": "low", "unknown": "medium"}


def scan(_files: list[str]) -> Scan:
    """Scan each image that the Compose files build; skipped where they are here and no scanner can look at them."""
    names = built()
    outcomes = {name: look_into(name) for name in names}
    if unseen := [f"{name}: {each.reason}" for name, each in outcomes.items() if not isinstance(each, Scanned)]:
        raise Skipped("; ".join(unseen))
    scanned = {name: each for name, each in outcomes.items() if isinstance(each, Scanned)}
    scanners = sorted({outcome.scanner for outcome in scanned.values()})
    found = [finding for name, outcome in scanned.items() for finding in findings(name, outcome)]
    return Scan(count(len(names), "image"), found, ", ".join(scanners), ", ".join(map(version, scanners)))


def findings(image: str, outcome: Scanned) -> list[Finding]:
    """What a newer version mends, in the form in which findings are accepted: the image stands for the file."""
    return [
        Finding(
            outcome.scanner,
            each.vulnerability,
            image,
            1,
            f"{each.package} {each.version}, mended in {each.fixed_in}",
            SEVERITIES.get(each.severity, each.severity),
        )
        for each in outcome.mendable
    ]


def built() -> list[str]:
    """The images of the Compose files, each once, though several services may run its like; all of them are here."""
    if _said("version", "--format={{.Server.Version}}") is None:
        raise NothingThere("no images", "no Docker Engine answers here, so no image of this project is built.")
    try:
        compose = Compose(Path.cwd(), env_file.settings(Path.cwd()))
        services = compose_project.services(json.loads(compose.output("config", "--format", "json")))
    except UserError as error:
        raise NothingThere("no images", f"it is not known which images this project builds: {error}") from None
    names = names_of(services)
    if absent := [name for name in names if _said("image", "inspect", "--format={{.Id}}", name) is None]:
        raise NothingThere("no images", f"no image {', '.join(absent)} is built here; {BUILD} builds what is missing.")
    return names


def names_of(services: Sequence[ComposeService]) -> list[str]:
    """The names of the images that are built; of services that are built in the same way, the first's."""
    builds = {json.dumps(each.build, sort_keys=True): each.image for each in reversed(services) if each.build}
    return [*reversed(builds.values())]


def _said(*arguments: str) -> str | None:
    """What `docker` prints; None where it fails or is not here."""
    try:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


CHECKS = [Check("images", "scanner", "", scan, slow=True)]
