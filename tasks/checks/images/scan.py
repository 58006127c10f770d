"""Looks for known vulnerabilities in an image, with the scanner that this machine has.

`scan("my-app-gateway")` gives what a scanner found, or says why none could look. Only the standard library is needed.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# A scanner may have to get its data first.
TIMEOUT_SECONDS = 600
# What was published since the data were made is not found.
OLDEST_DATA = timedelta(days=7)
# Settings of the scanners that leave findings out; those which say where the data are may stay.
SILENCERS = (
    *("TRIVY_CONFIG", "TRIVY_IGNORE", "TRIVY_PKG_TYPES", "TRIVY_SEVERITY", "TRIVY_SKIP_DIRS", "TRIVY_SKIP_FILES"),
    *("TRIVY_VEX", "TRIVY_VULN_TYPE", "GRYPE_CONFIG", "GRYPE_EXCLUDE", "GRYPE_IGNORE", "GRYPE_ONLY", "GRYPE_VEX"),
)


@dataclass(frozen=True)
class Finding:
    """A vulnerability that a package of the image has; `fixed_in` is empty where no version mends it yet."""

    vulnerability: str
    package: str
    version: str
    fixed_in: str
    severity: str


@dataclass(frozen=True)
class Scanned:
    """What a scanner found, the worst first."""

    scanner: str
    findings: list[Finding]

    @property
    def mendable(self) -> list[Finding]:
        """Those that a newer version mends."""
        return [finding for finding in self.findings if finding.fixed_in]


@dataclass(frozen=True)
class Skipped:
    """Why nobody looked; this is not a pass."""

    reason: str


def scan(image: str) -> Scanned | Skipped:
    """What the first scanner finds that is installed and has data; an image is a name that the engine knows."""
    reasons = []
    for name, look in SCANNERS.items():
        if shutil.which(name):
            outcome = look(image)
            why_not = _lack_of_data(name) if isinstance(outcome, Scanned) else outcome.reason
            if isinstance(outcome, Scanned) and not why_not:
                return outcome
            reasons.append(why_not)
    return Skipped("; ".join(reasons) or f"no scanner is installed: {' or '.join(SCANNERS)}")


def _trivy(image: str) -> Scanned | Skipped:
    """With newer data if it can be had, else with what there is."""
    command = ["trivy", "image", "--quiet", "--scanners", "vuln", "--format", "json"]
    outcome = _report("trivy", [*command, image], _of_trivy)
    if isinstance(outcome, Skipped):
        return _report("trivy", [*command, "--skip-db-update", "--offline-scan", image], _of_trivy)
    return outcome


def _grype(image: str) -> Scanned | Skipped:
    """It gets newer data by itself."""
    return _report("grype", ["grype", "--quiet", "--output", "json", f"docker:{image}"], _of_grype)


SCANNERS: dict[str, Callable[[str], Scanned | Skipped]] = {"trivy": _trivy, "grype": _grype}
SEVERITIES = ("critical", "high", "medium", "low", "negligible", "unknown")


# How each says when its data were made, and where that is in what it says.
AGES = {
    "trivy": (["trivy", "version", "--format", "json"], ("VulnerabilityDB", "UpdatedAt")),
    "grype": (["grype", "db", "status", "--output", "json"], ("built",)),
}


VERSIONS = {
    "trivy": (["trivy", "version", "--format", "json"], "Version"),
    "grype": (["grype", "version", "--output", "json"], "version"),
}


def version(name: str) -> str:
    """What a scanner says its version is; empty where it does not say."""
    command, key = VERSIONS[name]
    try:
        return str(json.loads(_run(command).stdout)[key])
    except (ValueError, LookupError, TypeError, subprocess.TimeoutExpired):
        return ""


def _lack_of_data(name: str) -> str:
    """Why the scanner's data are not good enough; empty where they are."""
    command, keys = AGES[name]
    try:
        said = json.loads(_run(command).stdout)
        for key in keys:
            said = said[key]
        age = datetime.now(tz=UTC) - datetime.fromisoformat(said)
    except (ValueError, LookupError, TypeError, subprocess.TimeoutExpired):
        return f"{name} does not say how old its data are: {' '.join(command)}"
    return f"{name}'s data are {age.days} days old; let it get newer ones" if age > OLDEST_DATA else ""


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a scanner where no file tells it what to leave out."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(SILENCERS)}
    with tempfile.TemporaryDirectory() as empty:
        return subprocess.run(
            command, cwd=empty, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
        )


def _report(name: str, command: list[str], read: Callable[[Any], list[Finding]]) -> Scanned | Skipped:
    try:
        done = _run(command)
    except subprocess.TimeoutExpired:
        return Skipped(f"{name} had nothing to say after {TIMEOUT_SECONDS} s")
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()] or ["it does not say why"]
        return Skipped(f"{name} failed: {said[-1].strip()}")
    try:
        findings = read(json.loads(done.stdout))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return Skipped(f"{name}'s report cannot be read: {type(error).__name__} {error}")
    return Scanned(name, sorted(findings, key=_rank))


def _rank(finding: Finding) -> tuple[int, str, str]:
    place = SEVERITIES.index(finding.severity) if finding.severity in SEVERITIES else len(SEVERITIES)
    return place, finding.package, finding.vulnerability


def _of_trivy(report: Any) -> list[Finding]:
    return [
        Finding(
            each["VulnerabilityID"],
            each["PkgName"],
            each["InstalledVersion"],
            each.get("FixedVersion") or "",
            each["Severity"].lower(),
        )
        for result in report["Results"]
        for each in result.get("Vulnerabilities") or []
    ]


def _of_grype(report: Any) -> list[Finding]:
    return [
        Finding(
            each["vulnerability"]["id"],
            each["artifact"]["name"],
            each["artifact"]["version"],
            ", ".join((each["vulnerability"].get("fix") or {}).get("versions") or []),
            each["vulnerability"]["severity"].lower(),
        )
        for each in report["matches"]
    ]
