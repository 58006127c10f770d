"""Scans images for known vulnerabilities with Trivy or Grype, whichever is installed."""

import json
import os
import shutil
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

BUILD = "nox -s images -- build"
NO_IMAGES = "no images"
# A scanner may have to download its data first.
TIMEOUT_SECONDS = 600
# The data lack what was published later.
MAX_DATA_AGE = timedelta(days=7)
# Settings of the scanners that hide findings; those for the source of the data may stay.
HIDING = (
    *("TRIVY_CONFIG", "TRIVY_IGNORE", "TRIVY_PKG_TYPES", "TRIVY_SEVERITY", "TRIVY_SKIP_DIRS", "TRIVY_SKIP_FILES"),
    *("TRIVY_VEX", "TRIVY_VULN_TYPE", "GRYPE_CONFIG", "GRYPE_EXCLUDE", "GRYPE_IGNORE", "GRYPE_ONLY", "GRYPE_VEX"),
)
OTHER_SEVERITIES = {"negligible": "low", "unknown": "medium"}
# Version of a scanner, time of its data; severity, ID, package and fixed version of each vulnerability.
Report = tuple[str, str, list[tuple[str, str, str, str]]]


def scan_built(_files: list[str], _folder: Path) -> Outcome:
    """Scan each image that the Compose files build. Skipped where one is missing, or no scanner can scan it."""
    scanned = []
    for name in _built():
        try:
            scanned.append(scan(name))
        except Skipped as error:
            raise Skipped(f"{name}: {error}") from None
    tools = {each.tool: each.version for each in scanned}
    findings = [finding for each in scanned for finding in each.findings]
    scope = count(len(scanned), "image")
    return Outcome(tool=", ".join(tools), version=", ".join(tools.values()), scope=scope, findings=findings)


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
    """Scan an image of the engine with the first scanner that is installed and has recent data, or Skipped.

    The scope is the number of vulnerabilities; there is a finding for each that a newer version fixes, the worst first.
    """
    reasons = []
    for name in filter(shutil.which, SCANNERS):
        try:
            return _scan(name, image)
        except UserError as error:
            reasons.append(str(error))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            reasons.append(f"{name}'s output cannot be read: {type(error).__name__} {error}")
    raise Skipped("; ".join(reasons) or f"no scanner is installed: {' or '.join(SCANNERS)}")


def _scan(name: str, image: str) -> Outcome:
    version, updated, found = SCANNERS[name](image)
    age = datetime.now(tz=UTC) - datetime.fromisoformat(updated)
    if age > MAX_DATA_AGE:
        raise UserError(f"{name}'s vulnerability data are {age.days} days old; update them: {UPDATES[name]}")
    findings = [
        Finding(name, rule, image, 1, f"{package}, fixed in {fixed}", OTHER_SEVERITIES.get(severity, severity))
        for severity, rule, package, fixed in found
        if fixed
    ]
    findings.sort(key=lambda each: (SEVERITIES.index(each.severity), each.message, each.rule))
    return Outcome(tool=name, version=version, scope=f"{len(found)} known vulnerabilities", findings=findings)


def _trivy(image: str) -> Report:
    """With the existing data if newer ones cannot be downloaded."""
    command = "trivy image --quiet --scanners vuln --format json"
    report = _json(f"{command} {image}", f"{command} --skip-db-update --offline-scan {image}")
    rows = []
    for each in [each for result in report["Results"] for each in result.get("Vulnerabilities") or []]:
        package = f"{each['PkgName']} {each['InstalledVersion']}"
        rows.append((each["Severity"].lower(), each["VulnerabilityID"], package, each.get("FixedVersion") or ""))
    about = _json("trivy version --format json")
    return about["Version"], about["VulnerabilityDB"]["UpdatedAt"], rows


def _grype(image: str) -> Report:
    rows = []
    for match in _json(f"grype --quiet --output json docker:{image}")["matches"]:
        found, package = match["vulnerability"], match["artifact"]
        fixed = ", ".join((found.get("fix") or {}).get("versions") or [])
        rows.append((found["severity"].lower(), found["id"], f"{package['name']} {package['version']}", fixed))
    version = _json("grype version --output json")["version"]
    return version, _json("grype db status --output json")["built"], rows


SCANNERS = {"trivy": _trivy, "grype": _grype}
UPDATES = {"trivy": "trivy image --download-db-only", "grype": "grype db update"}


def _json(*commands: str) -> Any:
    """The output of the first command that succeeds, run in an empty folder, where no file hides findings."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(HIDING)}
    error = ""
    for command in commands:
        with tempfile.TemporaryDirectory() as empty:
            done = processes.run(command.split(), cwd=empty, env=environment, timeout=TIMEOUT_SECONDS)
        if done.returncode == 0:
            return json.loads(done.stdout)
        error = processes.last_line(done.stderr)
    raise UserError(f"{commands[0].split()[0]} failed: {error}")
