"""Makes checks and keeps what came of each."""

import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from tasks.checks.files import matching
from tasks.checks.security.scan import Check, Finding, NothingThere, Skipped
from tasks.core.errors import UserError


@dataclass(frozen=True)
class Outcome:
    """What came of a check; `skipped` or `error` say why it looked at nothing, or not to its end.

    Where there is nothing to look at, `absent` says what, such as `no files`.
    """

    name: str
    tool: str
    version: str
    looked_at: str = ""
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    skipped: str = ""
    error: str = ""
    absent: str = ""

    @property
    def is_made(self) -> bool:
        """Whether it was made to its end, or there was nothing to look at."""
        return not (self.skipped or self.error)


def outcomes(checks: Iterable[Check], files: list[str], workers: int) -> list[Outcome]:
    """Make the checks side by side, the slow ones first."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        order = sorted(checks, key=lambda check: not check.slow)
        jobs = {check.name: pool.submit(outcome, check, files) for check in order}
        return [jobs[check.name].result() for check in checks]


def outcome(check: Check, files: list[str]) -> Outcome:
    """Make one check."""
    chosen = matching(files, check.patterns)
    blank = Outcome(check.name, check.tool, pinned(check.package))
    if check.patterns and not chosen:
        return replace(blank, absent="no files")
    start = time.monotonic()
    made = _made(check, chosen, blank)
    return replace(made, seconds=time.monotonic() - start)


def _made(check: Check, chosen: list[str], blank: Outcome) -> Outcome:
    try:
        scan = check.scan(chosen)
    except Skipped as skipped:
        return replace(blank, skipped=str(skipped))
    except NothingThere as nothing:
        return replace(blank, absent=nothing.what, skipped=str(nothing))
    except UserError as error:
        return replace(blank, error=str(error))
    except (LookupError, TypeError, ValueError, OSError) as error:
        return replace(blank, error=f"{check.tool} cannot be understood: {type(error).__name__} {error}")
    findings = sorted(set(scan.findings), key=lambda each: (each.path, each.line, each.rule))
    named = replace(blank, tool=scan.tool or blank.tool, version=scan.version or blank.version)
    return replace(named, looked_at=scan.looked_at, findings=findings)


def pinned(package: str) -> str:
    """The version of a tool that the locks have; none of one that is not in them."""
    if not package:
        return ""
    for lock in sorted(Path("requirements").glob("security*.txt")):
        found = re.search(rf"^{package}==([^\s;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1]
    raise UserError(f"No requirements/security*.txt has {package}; run nox -s lock.")
