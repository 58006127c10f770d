"""Scans the project's images, where this machine's engine has them, for known vulnerabilities."""

import json
from collections.abc import Sequence
from pathlib import Path

from tasks.checks.findings import Finding
from tasks.checks.images.scan import Scanned, scan as scan_image, version
from tasks.checks.security.scanners import Outcome, Skipped
from tasks.compose import compose_project
from tasks.compose.compose import Compose
from tasks.compose.compose_project import ComposeService
from tasks.core import processes
from tasks.core.console import count
from tasks.core.errors import UserError
from tasks.project import env_file

BUILD = "nox -s images -- build"
# Severities of image scanners that findings do not have.
SEVERITIES = {"negligible": "low", "unknown": "medium"}


def scan(_files: list[str], _folder: Path) -> Outcome:
    """Scan each image that the Compose files build. Skipped where one is missing, or no scanner can scan it."""
    outcomes = {name: scan_image(name) for name in built()}
    if unseen := [f"{name}: {each.reason}" for name, each in outcomes.items() if not isinstance(each, Scanned)]:
        raise Skipped("; ".join(unseen))
    scanned = {name: each for name, each in outcomes.items() if isinstance(each, Scanned)}
    tools = sorted({each.scanner for each in scanned.values()})
    found = [finding for name, outcome in scanned.items() for finding in findings(name, outcome)]
    versions = ", ".join(map(version, tools))
    return Outcome(tool=", ".join(tools), version=versions, scope=count(len(scanned), "image"), findings=found)


def findings(image: str, outcome: Scanned) -> list[Finding]:
    """The vulnerabilities that a newer version fixes, with the image as the path."""
    return [
        Finding(
            outcome.scanner,
            each.vulnerability,
            image,
            1,
            f"{each.package} {each.version}, fixed in {each.fixed_in}",
            SEVERITIES.get(each.severity, each.severity),
        )
        for each in outcome.mendable
    ]


def built() -> list[str]:
    """The names of the images that the Compose files build. Skipped unless this machine has all of them."""
    if processes.output("docker", "version", "--format={{.Server.Version}}") is None:
        raise Skipped("no Docker Engine answers, so no image of this project is built.", "no images")
    try:
        compose = Compose(Path.cwd(), env_file.settings(Path.cwd()))
        services = compose_project.services(json.loads(compose.output("config", "--format", "json")))
    except UserError as error:
        raise Skipped(f"cannot read which images this project builds: {error}", "no images") from None
    names = names_of(services)
    inspect = ("docker", "image", "inspect", "--format={{.Id}}")
    if missing := [name for name in names if processes.output(*inspect, name) is None]:
        raise Skipped(f"no image {', '.join(missing)} is built; {BUILD} builds what is missing.", "no images")
    return names


def names_of(services: Sequence[ComposeService]) -> list[str]:
    """The names of built images; of services that are built in the same way, the first's."""
    builds = {json.dumps(each.build, sort_keys=True): each.image for each in reversed(services) if each.build}
    return [*reversed(builds.values())]
