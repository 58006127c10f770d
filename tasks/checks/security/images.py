"""Scans the project's images for known vulnerabilities, if this machine's engine has them."""

import json
from pathlib import Path

from tasks.checks.findings import Finding
from tasks.checks.images.scan import Scanned, scan as scan_image, version
from tasks.checks.security.scanners import Outcome, Skipped
from tasks.compose import plan
from tasks.compose.compose import Compose
from tasks.core.console import count
from tasks.core.errors import UserError
from tasks.core.processes import output
from tasks.project import env_file

# Severities of image scanners that findings do not have.
SEVERITIES = {"negligible": "low", "unknown": "medium"}


class NoImages(Skipped):
    """Why there is nothing to scan, which does not fail in CI."""

    result = "no images"


def scan(_files: list[str], _folder: Path) -> Outcome:
    """Scan each image that the Compose files build. Skipped if one is missing, or no scanner can scan it."""
    outcomes = {name: scan_image(name) for name in built()}
    scanned = {name: each for name, each in outcomes.items() if isinstance(each, Scanned)}
    if reasons := [f"{name}: {each.reason}" for name, each in outcomes.items() if not isinstance(each, Scanned)]:
        raise Skipped("; ".join(reasons))
    tools = sorted({each.scanner for each in scanned.values()})
    found = [finding for name, outcome in scanned.items() for finding in findings(name, outcome)]
    versions = ", ".join(map(version, tools))
    return Outcome(tool=", ".join(tools), version=versions, scope=count(len(scanned), "image"), findings=found)


def findings(image: str, outcome: Scanned) -> list[Finding]:
    """The vulnerabilities that a newer version fixes, with the image as the path."""
    found = []
    for each in outcome.mendable:
        message = f"{each.package} {each.version}, fixed in {each.fixed_in}"
        severity = SEVERITIES.get(each.severity, each.severity)
        found.append(Finding(outcome.scanner, each.vulnerability, image, 1, message, severity))
    return found


def built() -> list[str]:
    """The names of the images that the Compose files build; of services that are built alike, the first's."""
    if output("docker", "version", "--format={{.Server.Version}}") is None:
        raise NoImages("no Docker Engine answers, so no image of this project is built.")
    try:
        services = plan.read(Compose(Path.cwd(), env_file.settings(Path.cwd()))).services
    except UserError as error:
        raise NoImages(f"cannot read which images this project builds: {error}") from None
    builds = {json.dumps(each.build, sort_keys=True): each.image for each in reversed(services) if each.build}
    names = [*reversed(builds.values())]
    inspect = ("docker", "image", "inspect", "--format={{.Id}}")
    if missing := [name for name in names if output(*inspect, name) is None]:
        raise NoImages(f"no image {', '.join(missing)} is built; nox -s images -- build builds what is missing.")
    return names
