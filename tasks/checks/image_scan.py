"""Scans an image for known vulnerabilities with Trivy or Grype, whichever is installed."""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.checks.findings import SEVERITIES, Finding
from tasks.core import processes
from tasks.core.errors import UserError

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


class NotScannedError(UserError):
    """No scanner could scan the image, which is not a pass; the message is the reason."""


@dataclass(frozen=True)
class Scanned:
    """How many vulnerabilities a scanner found, and a finding for each that a newer version fixes, the worst first."""

    scanner: str
    version: str
    vulnerabilities: int
    findings: list[Finding]


def scan(image: str) -> Scanned:
    """Scan an image of the engine with the first scanner that is installed and has recent data, or NotScannedError."""
    reasons = []
    for name in filter(shutil.which, SCANNERS):
        try:
            return _scan(name, image)
        except UserError as error:
            reasons.append(str(error))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            reasons.append(f"{name}'s output cannot be read: {type(error).__name__} {error}")
    raise NotScannedError("; ".join(reasons) or f"no scanner is installed: {' or '.join(SCANNERS)}")


def _scan(name: str, image: str) -> Scanned:
    version, updated, found = SCANNERS[name](image)
    age = datetime.now(tz=UTC) - datetime.fromisoformat(updated)
    if age > MAX_DATA_AGE:
        raise UserError(f"{name}'s data are {age.days} days old; update them")
    findings = [
        Finding(name, rule, image, 1, f"{package}, fixed in {fixed}", OTHER_SEVERITIES.get(severity, severity))
        for severity, rule, package, fixed in found
        if fixed
    ]
    findings.sort(key=lambda each: (SEVERITIES.index(each.severity), each.message, each.rule))
    return Scanned(name, version, len(found), findings)


def _trivy(image: str) -> Report:
    """With the existing data if newer ones cannot be downloaded."""
    command = "trivy image --quiet --scanners vuln --format json"
    report = _json(f"{command} {image}", f"{command} --skip-db-update --offline-scan {image}")
    found = [each for result in report["Results"] for each in result.get("Vulnerabilities") or []]
    rows = [
        (
            each["Severity"].lower(),
            each["VulnerabilityID"],
            f"{each['PkgName']} {each['InstalledVersion']}",
            each.get("FixedVersion") or "",
        )
        for each in found
    ]
    about = _json("trivy version --format json")
    return about["Version"], about["VulnerabilityDB"]["UpdatedAt"], rows


def _grype(image: str) -> Report:
    report = _json(f"grype --quiet --output json docker:{image}")
    rows = [
        (
            found["severity"].lower(),
            found["id"],
            f"{package['name']} {package['version']}",
            ", ".join((found.get("fix") or {}).get("versions") or []),
        )
        for found, package in ((match["vulnerability"], match["artifact"]) for match in report["matches"])
    ]
    version = _json("grype version --output json")["version"]
    return version, _json("grype db status --output json")["built"], rows


SCANNERS = {"trivy": _trivy, "grype": _grype}


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
