"""Findings of scanners in one form, and those that are accepted.

Only security-accepted.toml accepts findings: each with a reason, and for a year at most.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.checks.files import matching
from tasks.core.errors import UserError
from tasks.project import locks

SEVERITIES = ("critical", "high", "medium", "low")
FILE = Path("security-accepted.toml")
MAX_AGE = timedelta(days=366)
TEXTS = ("tool", "rule", "path", "reason")
# Patterns of files from which scanners would read exceptions.
SCANNER_FILES = (
    ".trivyignore .trivyignore.y*ml trivy.y*ml .gitleaksignore .gitleaks.toml .hadolint.y*ml .semgrepignore "
    "*.github/actionlint.yaml *.github/actionlint.yml *.github/zizmor.yml *.github/zizmor.yaml zizmor.yml zizmor.yaml"
)


@dataclass(frozen=True)
class Finding:
    """A tool's finding and its place; `line` is 1 for a whole file, `severity` is one of SEVERITIES."""

    tool: str
    rule: str
    path: str
    line: int
    message: str
    severity: str

    def __str__(self) -> str:
        """The finding in the form of a compiler's message."""
        return f"{self.path}:{self.line}: {self.message} ({self.tool}: {self.rule}, {self.severity})"


def by_severity(findings: list[Finding]) -> str:
    """Such as `1 high, 2 low`; a dash for none."""
    numbers = {severity: sum(each.severity == severity for each in findings) for severity in SEVERITIES}
    return ", ".join(f"{number} {severity}" for severity, number in numbers.items() if number) or "-"


@dataclass(frozen=True)
class Entry:
    """An accepted finding: how many `findings` of a rule in a file; the entry begins at `line`."""

    tool: str
    rule: str
    path: str
    reason: str
    expires: date
    findings: int
    line: int

    def covers(self, finding: Finding) -> bool:
        """Whether the entry is for this finding, on any line of the file."""
        return (self.tool, self.rule, self.path) == (finding.tool, finding.rule, finding.path)


def entries() -> list[Entry]:
    """The entries of the file. UserError names an incomplete one."""
    tables, text = locks.read_toml(FILE).get("accepted", []), locks.text_of(FILE)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*accepted\s*]]", line)]
    if not isinstance(tables, list) or len(lines) != len(tables):
        raise UserError(f"{FILE}: write each accepted finding as its own table, under [[accepted]].")
    return [_entry(table, line) for table, line in zip(tables, lines, strict=True)]


def _entry(table: dict[str, Any], line: int) -> Entry:
    texts = {key: str(table.get(key, "")).strip() for key in TEXTS}
    expires, findings = table.get("expires"), table.get("findings", 1)
    problems = [f"has no {key}" for key, text in texts.items() if not text]
    problems += [f"has the unknown key {key}" for key in sorted({*table} - {*TEXTS, "expires", "findings"})]
    problems += [] if type(findings) is int and findings > 0 else ["needs a positive number of findings"]
    if type(expires) is not date or problems:
        problems += [] if type(expires) is date else ["needs a date, such as expires = 2030-12-31"]
        raise UserError(f"{FILE}:{line}: the entry {', '.join(problems)}.")
    return Entry(**texts, expires=expires, findings=findings, line=line)


def remaining(accepted: list[Entry], findings: list[Finding]) -> list[Finding]:
    """The findings of one check that no entry accepts; an entry for fewer than there are accepts none of them."""
    found = []
    for finding in findings:
        covering = [entry for entry in accepted if entry.covers(finding)]
        exceeded = [entry for entry in covering if sum(map(entry.covers, findings)) > entry.findings]
        if len(covering) == len(exceeded):
            limits = [f"; {FILE}:{entry.line} accepts only {entry.findings}" for entry in exceeded]
            found.append(replace(finding, message=finding.message + "".join(limits)))
    return found


def exceptions_elsewhere(files: list[str]) -> list[Finding]:
    """A finding for each of these files from which a scanner would read exceptions."""
    message = f"exceptions of one scanner; accept findings in {FILE}"
    return [Finding("accepted", "elsewhere", path, 1, message, "high") for path in matching(files, SCANNER_FILES)]


def review(accepted: list[Entry], found: list[list[Finding]], was_scanned: Callable[[Entry], bool]) -> list[Finding]:
    """The faults of entries: expired, valid for too long, or for more findings than any of the checks has."""
    return [
        Finding("accepted", rule, str(FILE), entry.line, message, "high")
        for entry in accepted
        for rule, message in _faults(entry, found if was_scanned(entry) else None)
    ]


def _faults(entry: Entry, found: list[list[Finding]] | None) -> Iterator[tuple[str, str]]:
    today = datetime.now(tz=UTC).date()
    if entry.expires < today:
        yield "expired", f"expired on {entry.expires}; fix {entry.rule} in {entry.path}, or accept it again"
    if entry.expires > today + MAX_AGE:
        yield "too-long", f"expires on {entry.expires}; accept findings for a year at most"
    most = max((sum(map(entry.covers, each)) for each in found or []), default=0)
    if found is not None and most < entry.findings:
        what = f"finds only {most}; write findings = {most}" if most else "no longer finds this; delete the entry"
        yield "unused", f"{entry.tool} {what}"
