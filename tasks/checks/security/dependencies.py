"""Looks for packages with known vulnerabilities among all that the locks pin, whatever machine they are for."""

import re
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tasks.checks.security import advisories
from tasks.checks.security.pins import Pin, pins
from tasks.checks.security.scan import Check, Finding, Scan
from tasks.checks.security.tool import program, run_json
from tasks.core.console import count

ECOSYSTEM = "PyPI"
# The source is asked for each pin in turn, so that these many processes ask side by side.
PROCESSES = 4
# Has had advisories since 2019: whoever does not know them knows no advisories.
WELL_KNOWN = ("jinja2", "2.9.6")
OPTIONS = (
    *("--strict", "--disable-pip", "--require-hashes", "--progress-spinner=off", "--vulnerability-service=osv"),
    *("--format=json", "--desc=on", "--aliases=on"),
)


def scan(locks: list[str]) -> Scan:
    """Run pip-audit; skipped where the source of advisories cannot be reached."""
    source = advisories.source()
    advisories.probe(source, ECOSYSTEM, *WELL_KNOWN)
    distinct = {(pin.name, pin.version): pin for lock in reversed(locks) for pin in pins(lock)}
    with ThreadPoolExecutor() as pool:
        reports = pool.map(lambda part: audit(part, source), shares(sorted(distinct.values(), key=str)))
    found = [finding for report in reports for finding in _findings(report, distinct)]
    return Scan(count(len(distinct), "package"), found)


def shares(found: Iterable[Pin]) -> list[list[Pin]]:
    """The pins in parts of about the same size, no package twice in one: pip-audit takes one version of each."""
    parts: list[dict[str, Pin]] = [{} for _ in range(PROCESSES)]
    for pin in found:
        free = [part for part in parts if pin.name not in part]
        part = min(free, key=len) if free else {}
        if not free:
            parts.append(part)
        part[pin.name] = pin
    return [list(part.values()) for part in parts if part]


def audit(part: list[Pin], source: str) -> Any:
    """Run pip-audit on these pins, their conditions (such as the platform) taken off."""
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch) / "requirements.txt"
        requirements.write_text("".join(re.sub(r" ;[^\\\n]*", "", pin.text) for pin in part), encoding="utf-8")
        return run_json([program("pip-audit"), *OPTIONS, f"--osv-url={source}", f"--requirement={requirements}"])


def _findings(report: dict[str, Any], known: dict[tuple[str, str], Pin]) -> list[Finding]:
    return [
        _finding(known[each["name"], each["version"]], flaw)
        for each in report["dependencies"]
        for flaw in each["vulns"]
    ]


def _finding(pin: Pin, flaw: dict[str, Any]) -> Finding:
    mended = f"mended in {', '.join(flaw['fix_versions'])}" if flaw["fix_versions"] else "not mended yet"
    names = ", ".join([flaw["id"], *sorted(flaw["aliases"])])
    about = " ".join(flaw["description"].split())[:200]
    return Finding(
        "pip-audit", flaw["id"], pin.path, pin.line, f"{pin.name} {pin.version}, {mended}: {names}: {about}", "high"
    )


CHECKS = [Check("dependencies", "pip-audit", "pip-audit", scan, "requirements/*.txt */requirements/*.txt")]
