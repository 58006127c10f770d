"""Reads the one file in which findings are accepted, each with a reason and for a year at most."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.checks.files import matching
from tasks.checks.security.scan import Finding, Scan
from tasks.core.console import count
from tasks.core.errors import UserError

FILE = Path("security-accepted.toml")
LONGEST = timedelta(days=366)
# Where scanners of images look for exceptions of their own, from the project's folder on.
OF_SCANNERS = (
    *(".trivyignore", ".trivyignore.yaml", ".trivyignore.yml", "trivy.yaml", "trivy.yml"),
    *(".grype.yaml", ".grype.yml", ".grype/config.yaml", ".grype/config.yml"),
)
# Where all tools do. Comments in code are not heeded: each tool is told so.
ELSEWHERE = (
    ".bandit .checkov.yaml .checkov.yml .gitleaksignore .gitleaks.toml .hadolint.yaml .hadolint.yml .semgrepignore "
    "*.github/actionlint.yaml *.github/actionlint.yml *.github/zizmor.yml *.github/zizmor.yaml zizmor.yml zizmor.yaml "
) + " ".join(OF_SCANNERS)
TEXTS = ("tool", "rule", "path", "reason")


@dataclass(frozen=True)
class Entry:
    """What is accepted: so many `findings` of a rule in a file; `line` is where the entry begins."""

    tool: str
    rule: str
    path: str
    reason: str
    expires: date
    findings: int
    line: int

    def covers(self, finding: Finding) -> bool:
        """Whether this finding is meant, wherever in the file it is."""
        return (self.tool, self.rule, self.path) == (finding.tool, finding.rule, finding.path)


def entries() -> list[Entry]:
    """What is accepted; a UserError names the entry that lacks something."""
    text = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    try:
        tables = tomllib.loads(text).get("accepted", [])
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{FILE} is not valid TOML: {error}") from None
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*accepted\s*]]", line)]
    if not isinstance(tables, list) or len(lines) != len(tables):
        raise UserError(f"{FILE}: write each accepted finding as a table of its own, under [[accepted]].")
    return [_entry(table, line) for table, line in zip(tables, lines, strict=True)]


def holding(accepted: list[Entry], findings: list[Finding]) -> list[Entry]:
    """The entries that cover what one check found: those for no fewer findings than there are."""
    return [entry for entry in accepted if sum(map(entry.covers, findings)) <= entry.findings]


def left(accepted: list[Entry], findings: list[Finding]) -> list[Finding]:
    """What one check found and nobody accepted; which of too many findings were meant, nobody can tell."""
    held = holding(accepted, findings)
    beyond = [entry for entry in accepted if entry not in held]
    return [_told(each, beyond) for each in findings if not any(entry.covers(each) for entry in held)]


def _told(finding: Finding, beyond: list[Entry]) -> Finding:
    said = [f"; {FILE}:{entry.line} accepts {entry.findings} and no more" for entry in beyond if entry.covers(finding)]
    return replace(finding, message=finding.message + "".join(said))


def elsewhere(files: list[str]) -> list[Finding]:
    """The files that would accept findings beside the one that is reviewed."""
    said = f"exceptions of a tool's own; {FILE} is the one place for what is accepted"
    return [Finding("accepted", "elsewhere", path, 1, said, "high") for path in matching(files, ELSEWHERE)]


def review(accepted: list[Entry], found: list[list[Finding]], was_scanned: Callable[[Entry], bool]) -> Scan:
    """What is wrong with the entries: expired, for too long, or for more than any of the checks still finds."""
    today = datetime.now(tz=UTC).date()
    wrong = [_finding(entry, *said) for entry in accepted if (said := _age(entry, today))]
    scanned = [entry for entry in accepted if was_scanned(entry)]
    wrong += [_finding(entry, "unused", idle) for entry in scanned if (idle := _surplus(entry, found))]
    return Scan(count(len(accepted), "finding"), wrong)


def _surplus(entry: Entry, found: list[list[Finding]]) -> str:
    most = max((sum(map(entry.covers, each)) for each in found), default=0)
    if most == 0:
        return f"{entry.tool} no longer finds this; delete the entry"
    return f"{entry.tool} finds only {most}; write findings = {most}" if most < entry.findings else ""


def _age(entry: Entry, today: date) -> tuple[str, str] | None:
    if entry.expires < today:
        return "expired", f"expired on {entry.expires}; mend {entry.rule} in {entry.path}, or decide again"
    if entry.expires > today + LONGEST:
        return "too-long", f"expires on {entry.expires}; accept for a year at most"
    return None


def _entry(table: dict[str, Any], line: int) -> Entry:
    texts = {key: str(table.get(key, "")).strip() for key in TEXTS}
    lacking = [key for key, text in texts.items() if not text]
    expires = table.get("expires")
    if type(expires) is not date:
        lacking.append("expires (a date, such as 2030-12-31)")
    findings = table.get("findings", 1)
    if type(findings) is not int or findings < 1:
        lacking.append("findings (how many it covers, 1 or more; 1 without it)")
    unknown = sorted(set(table) - {*TEXTS, "expires", "findings"})
    if lacking or unknown or type(expires) is not date:
        what = f"lacks {', '.join(lacking)}" if lacking else f"has what means nothing: {', '.join(unknown)}"
        raise UserError(f"{FILE}:{line}: the entry {what}; it needs {', '.join(TEXTS)} and expires.")
    return Entry(**texts, expires=expires, findings=findings, line=line)


def _finding(entry: Entry, rule: str, message: str) -> Finding:
    return Finding("accepted", rule, str(FILE), entry.line, message, "high")
