"""Checks the packages in locks: advisories about all, licenses and SBOMs of those that reach users."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import requests
from license_expression import ExpressionError, get_spdx_licensing
from packaging.utils import canonicalize_name

from tasks.checks.findings import Finding
from tasks.checks.security.scanners import Outcome, Skipped, tool
from tasks.core.console import count
from tasks.core.environments import separate
from tasks.core.errors import UserError
from tasks.project import locks

SOURCE = "https://api.osv.dev/v1/query"
TIMEOUT_SECONDS = 15
REQUESTS_AT_ONCE = 16
PYTHON, NODE = "PyPI", "npm"
MODULES = "node_modules/"
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)")
SBOM_TOOL = "cyclonedx-py"
# It needs seconds to validate each package; a test of Slipway's validates these SBOMs.
SBOM_OPTIONS = ("--output-reproducible", "--spec-version=1.6", "--no-validate")
REPORTS = Path(".data/security")
# The npm lock of a part, whose SBOM and image have this name among those of other locks.
NPM = "npm"
NPM_LOCKS = "src/*/package-lock.json"
NPM_SBOM = ("sbom", "--package-lock-only", "--sbom-format=cyclonedx")
LICENSING = get_spdx_licensing()
# Licenses in older metadata, which have no expression.
CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


@dataclass(frozen=True)
class Pin:
    """A version of a package, and its place in a lock."""

    ecosystem: str
    name: str
    version: str
    path: str = ""
    line: int = 1
    # In npm's locks: whether it may reach users, rather than only developers or some platforms.
    ships: bool = False
    license: str = ""


# These have had an advisory since 2019: a source without it is no source of advisories.
KNOWN = {PYTHON: Pin(PYTHON, "jinja2", "2.9.6"), NODE: Pin(NODE, "lodash", "4.17.4")}


def look_up(files: list[str], _folder: Path) -> Outcome:
    """Look up each package once, for any platform. Skipped if the source of advisories cannot be reached."""
    distinct = {(pin.ecosystem, pin.name, pin.version): pin for lock in reversed(files) for pin in pins(lock)}
    address = source()
    for ecosystem in sorted({pin.ecosystem for pin in distinct.values()}):
        probe(address, ecosystem)
    with ThreadPoolExecutor(max_workers=REQUESTS_AT_ONCE) as pool:
        found = [each for part in pool.map(partial(_findings, address), distinct.values()) for each in part]
    return Outcome(scope=count(len(distinct), "package"), findings=found)


def pins(lock: str) -> list[Pin]:
    """The pins of a lock of uv or npm; npm's own packages of the project, and links, have no registry's version."""
    text = Path(lock).read_text(encoding="utf-8")
    if not lock.endswith(".json"):
        matches = [(number, PIN.match(line)) for number, line in enumerate(text.splitlines(), 1)]
        return [Pin(PYTHON, canonicalize_name(pin[1]), pin[2], lock, number) for number, pin in matches if pin]
    packages = json.loads(text).get("packages")
    if packages is None:
        raise UserError(f"{lock} is from npm 6 or older. Update it: npm install --package-lock-only")
    lines = {line.strip(): number for number, line in enumerate(text.splitlines(), 1)}
    found = []
    for place, each in packages.items():
        if MODULES in place and not each.get("link"):
            name, line = each.get("name") or place.rpartition(MODULES)[2], lines.get(f'"{place}": {{', 1)
            ships = not any(each.get(flag) for flag in ("dev", "optional", "devOptional"))
            found.append(Pin(NODE, name, each["version"], lock, line, ships, str(each.get("license", ""))))
    return found


def source() -> str:
    """The address in OSV_URL, or that of OSV. UserError for one without TLS, where anybody could answer."""
    address = os.environ.get("OSV_URL", SOURCE)
    if not address.startswith(("https://", "http://127.0.0.1:")):
        raise UserError(f"OSV_URL is {address}; it must begin with https://")
    return address


def probe(address: str, ecosystem: str) -> None:
    """Raise UserError if the source has no advisory about a version that is known to have one."""
    pin = KNOWN[ecosystem]
    if not advisories(address, pin):
        raise UserError(f"{address} has no advisory about {pin.name} {pin.version}: not a source of advisories.")


def advisories(address: str, pin: Pin) -> list[dict[str, Any]]:
    """The advisories about a version of a package, of all pages. Skipped if the source cannot be reached."""
    query: dict[str, Any] = {"package": {"name": pin.name, "ecosystem": pin.ecosystem}, "version": pin.version}
    found: list[dict[str, Any]] = []
    while True:
        try:
            response = requests.post(address, json=query, timeout=TIMEOUT_SECONDS)
            response.raise_for_status()
            page = response.json()
        except requests.RequestException as error:
            reason = f"the advisories at {address} cannot be reached ({type(error).__name__})."
            raise Skipped(f"{reason} Run this where they can, or set OSV_URL to another source.") from None
        found += [each for each in page.get("vulns", []) if "withdrawn" not in each]
        if not page.get("next_page_token"):
            return found
        query["page_token"] = page["next_page_token"]


def _findings(address: str, pin: Pin) -> list[Finding]:
    found = []
    for advisory in advisories(address, pin):
        affected = [each for each in advisory["affected"] if _is_same(each["package"], pin)]
        ranges = [each for package in affected for each in package.get("ranges", []) if each["type"] != "GIT"]
        fixed = dict.fromkeys(event["fixed"] for each in ranges for event in each["events"] if "fixed" in event)
        state = f"fixed in {', '.join(fixed)}" if fixed else "without a fix"
        names = ", ".join([advisory["id"], *sorted(advisory.get("aliases", []))])
        summary = " ".join((advisory.get("summary") or advisory.get("details") or "").split())[:200]
        message = f"{pin.name} {pin.version}, {state}: {names}: {summary}"
        found.append(Finding("osv", advisory["id"], pin.path, pin.line, message, "high"))
    return found


def _is_same(package: dict[str, str], pin: Pin) -> bool:
    return package["ecosystem"] == pin.ecosystem and canonicalize_name(package["name"]) == canonicalize_name(pin.name)


def policy(key: str) -> list[str]:
    """A list of [tool.slipway.security]: `ships`, the locks that do, or the `licenses` of packages that are allowed."""
    value = locks.settings().get("security", {}).get(key)
    if not isinstance(value, list):
        raise UserError(f"pyproject.toml: {key} of [tool.slipway.security] must be a list.")
    return value


def write_sboms(_files: list[str], _folder: Path) -> Outcome:
    """Write an SBOM of each lock that ships, with which images are signed."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    sboms = {lock: sbom_of(lock) for lock in policy("ships")}
    for lock in Path().glob(NPM_LOCKS):
        sboms[NPM] = sbom_of_npm(lock)
    for name, sbom in sboms.items():
        (REPORTS / f"sbom-{name}.json").write_text(json.dumps(sbom, indent=2) + "\n", encoding="utf-8")
    return Outcome(scope=count(len(sboms), "lock"))


def sbom_of(lock: str) -> Any:
    """The SBOM of an environment with what a lock has."""
    return tool(SBOM_TOOL, "environment", str(separate(lock)), *SBOM_OPTIONS)


def sbom_of_npm(lock: Path) -> Any:
    """The SBOM of the packages in an npm lock that ship: with --omit, npm omits what only another package omits too."""
    if "version" not in json.loads(lock.read_text(encoding="utf-8"))["packages"][""]:
        raise UserError(
            f'{lock.with_name("package.json")} has no "version", which an SBOM needs. Add one, then: nox -s lock'
        )
    sbom = tool("npm", *NPM_SBOM, place=separate("node"), cwd=lock.parent)
    ships = {f"{pin.name}@{pin.version}" for pin in pins(str(lock)) if pin.ships}
    sbom["components"] = [each for each in sbom["components"] if each["bom-ref"] in ships]
    known = ships | {sbom["metadata"]["component"]["bom-ref"]}
    sbom["dependencies"] = [
        {**each, "dependsOn": [name for name in each["dependsOn"] if name in ships]}
        for each in sbom["dependencies"]
        if each["ref"] in known
    ]
    return sbom


def check_licenses(_files: list[str], _folder: Path) -> Outcome:
    """Compare the licenses in the packages' metadata, and in npm's locks, with those that are allowed."""
    ships, allowed = policy("ships"), policy("licenses")
    looked_up = locks.settings()["security"].get("license-of", {})
    # A package of several locks is found in the first.
    pinned = {pin.name: pin for lock in reversed(ships) for pin in pins(f"requirements/{lock}.txt")}
    components = [each for lock in ships for each in sbom_of(lock)["components"]]
    stated = {str(canonicalize_name(each["name"])): licenses(each) for each in components}
    found = [
        finding
        for name, names in stated.items()
        for finding in _judge(pinned[name], names or [*filter(None, [looked_up.get(name)])], allowed)
    ]
    npm = {(pin.name, pin.version): pin for lock in Path().glob(NPM_LOCKS) for pin in pins(str(lock)) if pin.ships}
    for pin in npm.values():
        found += _judge(pin, [*filter(None, [pin.license or looked_up.get(pin.name)])], allowed)
        stated.setdefault(pin.name, [pin.license] if pin.license else [])
    for name in [name for name in looked_up if stated.get(name, ["not shipped"])]:
        message = f"license-of has {name}, which names its license or is no longer shipped; delete the entry"
        found.append(Finding(SBOM_TOOL, "unused", "pyproject.toml", 1, message, "low"))
    return Outcome(scope=count(len(stated), "package"), findings=found)


def licenses(component: dict[str, Any]) -> list[str]:
    """The licenses of an SBOM's component; if there are several, all apply."""
    stated = [
        each.get("expression") or each["license"].get("id") or each["license"].get("name")
        for each in component.get("licenses", [])
    ]
    # The classifier of a category, which some packages have beside that of their license, names none.
    return [CLASSIFIERS.get(each, each) for each in stated if each != "License :: OSI Approved"]


def is_allowed(expression: str, allowed: list[str]) -> bool:
    """Whether an SPDX expression is valid and can be satisfied with these licenses."""
    try:
        parsed = LICENSING.parse(expression, validate=True, strict=True)
    except ExpressionError:
        return False
    if parsed is None:
        return False
    known = {each: LICENSING.TRUE for each in parsed.symbols if each.render() in allowed}
    return bool(parsed.subs(known, simplify=True) == LICENSING.TRUE)


def _judge(pin: Pin, stated: list[str], allowed: list[str]) -> list[Finding]:
    refused = [each for each in stated if not is_allowed(each, allowed)]
    if stated and not refused:
        return []
    rule, fault = "not-allowed", f"has the license {' and '.join(refused)}, which pyproject.toml does not allow"
    if not stated:
        rule, fault = "unknown", "names no license; read its LICENSE file and add it to license-of"
    return [Finding(SBOM_TOOL, rule, pin.path, pin.line, f"{pin.name} {pin.version} {fault}", "medium")]
