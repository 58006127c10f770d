"""Scans images for known vulnerabilities with Trivy."""

import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.checks.findings import SEVERITIES, Finding
from tasks.checks.security.scanners import Outcome, Skipped
from tasks.compose import compose
from tasks.core import processes
from tasks.core.console import count
from tasks.core.errors import UserError
from tasks.project import env_file

TOOL = "trivy"
INSTALL = "Get it: https://trivy.dev/latest/getting-started/installation/"
BUILD = "nox -s images -- build"
NO_IMAGES = "no images"
# Trivy may have to download its data first.
TIMEOUT_SECONDS = 600
# The data lack what was published later.
MAX_DATA_AGE = timedelta(days=7)
UPDATE = "trivy image --download-db-only"
# Settings of Trivy that hide findings; those for the source of the data may stay.
HIDING = (
    *("TRIVY_CONFIG", "TRIVY_IGNORE", "TRIVY_PKG_TYPES", "TRIVY_SEVERITY", "TRIVY_SKIP_DIRS", "TRIVY_SKIP_FILES"),
    *("TRIVY_VEX", "TRIVY_VULN_TYPE"),
)


def scan_built(_files: list[str], _folder: Path) -> Outcome:
    """Scan each image that the Compose files build. Skipped where one is missing, or Trivy cannot scan it."""
    scanned = []
    for name in _built():
        try:
            scanned.append(scan(name))
        except Skipped as error:
            raise Skipped(f"{name}: {error}") from None
    findings = [finding for each in scanned for finding in each.findings]
    version = next((each.version for each in scanned), "")
    return Outcome(version=version, scope=count(len(scanned), "image"), findings=findings)


def _built() -> list[str]:
    """The names of the images that the Compose files build; of services that are built alike, the first's."""
    if processes.output("docker", "version", "--format={{.Server.Version}}") is None:
        raise Skipped("no Docker Engine answers, so no image of this project is built.", NO_IMAGES)
    try:
        found = compose.read(compose.Compose(Path.cwd(), env_file.settings(Path.cwd())))[1]
    except UserError as error:
        raise Skipped(f"cannot read which images this project builds: {error}", NO_IMAGES) from None
    names = [group[0].image for group in compose.builds(found)]
    inspect = ("docker", "image", "inspect", "--format={{.Id}}")
    if missing := [name for name in names if processes.output(*inspect, name) is None]:
        raise Skipped(f"no image {', '.join(missing)} is built; {BUILD} builds what is missing.", NO_IMAGES)
    return names


def scan(image: str) -> Outcome:
    """Scan an image of the engine; Skipped if Trivy is missing, fails, or has old data.

    The scope is the number of vulnerabilities; there is a finding for each that a newer version fixes, the worst first.
    """
    try:
        return _scan(image)
    except UserError as error:
        raise Skipped(str(error)) from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Skipped(f"{TOOL}'s output cannot be read: {type(error).__name__} {error}") from None


def _scan(image: str) -> Outcome:
    command = "trivy image --quiet --scanners vuln --format json"
    # With the existing data if newer ones cannot be downloaded.
    report = _json(f"{command} {image}", f"{command} --skip-db-update --offline-scan {image}")
    about = _json("trivy version --format json")
    age = datetime.now(tz=UTC) - datetime.fromisoformat(about["VulnerabilityDB"]["UpdatedAt"])
    if age > MAX_DATA_AGE:
        raise UserError(f"{TOOL}'s vulnerability data are {age.days} days old; update them: {UPDATE}")
    known = [each for result in report["Results"] for each in result.get("Vulnerabilities") or []]
    findings = []
    for each in known:
        if fixed := each.get("FixedVersion"):
            message = f"{each['PkgName']} {each['InstalledVersion']}, fixed in {fixed}"
            severity = each["Severity"].lower().replace("unknown", "medium")
            findings.append(Finding(TOOL, each["VulnerabilityID"], image, 1, message, severity))
    findings.sort(key=lambda each: (SEVERITIES.index(each.severity), each.message, each.rule))
    return Outcome(version=about["Version"], scope=f"{len(known)} known vulnerabilities", findings=findings)


def _json(*commands: str) -> Any:
    """The output of the first command that succeeds, run in an empty folder, where no file hides findings."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(HIDING)}
    error = ""
    for command in commands:
        with tempfile.TemporaryDirectory() as empty:
            done = processes.run(command.split(), cwd=empty, env=environment, timeout=TIMEOUT_SECONDS, missing=INSTALL)
        if done.returncode == 0:
            return json.loads(done.stdout)
        error = processes.last_line(done.stderr)
    raise UserError(f"{commands[0].split()[0]} failed: {error}")
