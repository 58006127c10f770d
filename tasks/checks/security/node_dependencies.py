"""Looks for packages with known vulnerabilities among all that npm's locks pin, whatever machine they are for."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tasks.checks.security import advisories
from tasks.checks.security.pins import Pin
from tasks.checks.security.scan import Check, Finding, Scan
from tasks.core.console import count
from tasks.core.errors import UserError

ECOSYSTEM = "npm"
MODULES = "node_modules/"
# Has had advisories since 2018.
WELL_KNOWN = ("lodash", "4.17.4")


def scan(locks: list[str]) -> Scan:
    """Ask for each package in turn; skipped where the source of advisories cannot be reached."""
    source = advisories.source()
    advisories.probe(source, ECOSYSTEM, *WELL_KNOWN)
    distinct = {(pin.name, pin.version): pin for lock in reversed(locks) for pin in pins(lock)}
    with ThreadPoolExecutor() as pool:
        answers = pool.map(partial(_findings, source), distinct.values())
    return Scan(count(len(distinct), "package"), [finding for answer in answers for finding in answer])


def pins(path: str) -> Iterator[Pin]:
    """The packages of a lock; the project's own, and links to them, have no version of a registry."""
    text = Path(path).read_text(encoding="utf-8")
    lock = json.loads(text)
    if "packages" not in lock:
        raise UserError(f"{path} is of npm 6 or older; write it anew with a newer one: npm install --package-lock-only")
    lines = {line.strip(): number for number, line in enumerate(text.splitlines(), 1)}
    for place, about in lock["packages"].items():
        if MODULES in place and not about.get("link"):
            name = about.get("name") or place.rpartition(MODULES)[2]
            yield Pin(name, about["version"], path, lines.get(f'"{place}": {{', 1), place)


def _findings(source: str, pin: Pin) -> list[Finding]:
    return [_finding(pin, flaw) for flaw in advisories.known(source, ECOSYSTEM, pin.name, pin.version)]


def _finding(pin: Pin, flaw: dict[str, Any]) -> Finding:
    versions = _mended_in(pin.name, flaw)
    mended = f"mended in {', '.join(versions)}" if versions else "not mended yet"
    names = ", ".join([flaw["id"], *sorted(flaw.get("aliases", []))])
    about = " ".join((flaw.get("summary") or flaw.get("details") or "").split())[:200]
    message = f"{pin.name} {pin.version}, {mended}: {names}: {about}"
    return Finding("osv", flaw["id"], pin.path, pin.line, message, "high")


def _mended_in(name: str, flaw: dict[str, Any]) -> list[str]:
    ranges = [
        each for about in flaw["affected"] if about["package"]["name"] == name for each in about.get("ranges", [])
    ]
    events = [event for each in ranges if each["type"] != "GIT" for event in each["events"]]
    return list(dict.fromkeys(event["fixed"] for event in events if "fixed" in event))


CHECKS = [Check("dependencies", "osv", "", scan, "package-lock.json npm-shrinkwrap.json")]
