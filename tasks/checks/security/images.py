"""Scans the project's images for known vulnerabilities, if this machine's engine has them."""

from pathlib import Path

from tasks.checks import image_scan
from tasks.checks.image_scan import NotScannedError
from tasks.checks.security.scanners import Outcome, Skipped
from tasks.compose.compose import Compose, builds, read
from tasks.core.console import count
from tasks.core.errors import UserError
from tasks.core.processes import output
from tasks.project import env_file

BUILD = "nox -s images -- build"


class NoImages(Skipped):
    """Why there is nothing to scan, which does not fail in CI."""

    result = "no images"


def scan(_files: list[str], _folder: Path) -> Outcome:
    """Scan each image that the Compose files build. Skipped where one is missing, or no scanner can scan it."""
    scanned = []
    for name in built():
        try:
            scanned.append(image_scan.scan(name))
        except NotScannedError as error:
            raise Skipped(f"{name}: {error}") from None
    tools = {each.scanner: each.version for each in scanned}
    findings = [finding for each in scanned for finding in each.findings]
    scope = count(len(scanned), "image")
    return Outcome(tool=", ".join(tools), version=", ".join(tools.values()), scope=scope, findings=findings)


def built() -> list[str]:
    """The names of the images that the Compose files build; of services that are built alike, the first's."""
    if output("docker", "version", "--format={{.Server.Version}}") is None:
        raise NoImages("no Docker Engine answers, so no image of this project is built.")
    try:
        _, found = read(Compose(Path.cwd(), env_file.settings(Path.cwd())))
    except UserError as error:
        raise NoImages(f"cannot read which images this project builds: {error}") from None
    names = [group[0].image for group in builds(found)]
    inspect = ("docker", "image", "inspect", "--format={{.Id}}")
    if missing := [name for name in names if output(*inspect, name) is None]:
        raise NoImages(f"no image {', '.join(missing)} is built; {BUILD} builds what is missing.")
    return names
