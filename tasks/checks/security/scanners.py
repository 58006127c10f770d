"""Runs scanners side by side, so that a crash, a timeout or an unreadable report never counts as a clean result."""

import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tasks.checks.files import matching
from tasks.checks.findings import Finding, exceptions_elsewhere
from tasks.core import processes
from tasks.core.console import count
from tasks.core.errors import UserError

TIMEOUT_SECONDS = 300
ENVIRONMENT = Path(sys.prefix)


class Skipped(Exception):
    """Why nothing was scanned, and what would make it possible; only the result `skipped` fails in CI."""

    def __init__(self, reason: str, result: str = "skipped") -> None:
        super().__init__(reason)
        self.result = result


@dataclass(frozen=True)
class Outcome:
    """What a scanner found, and in what `scope`, such as `12 files`; `obstacle` is its result if it did not finish."""

    name: str = ""
    tool: str = ""
    version: str = ""
    scope: str = "-"
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0
    obstacle: str = ""
    reason: str = ""

    @property
    def result(self) -> str:
        """The last column of the table."""
        return self.obstacle or ("FAILED" if self.findings else "ok")


@dataclass(frozen=True)
class Scanner:
    """A tool of a part: `scan` gets the files that match `patterns`, and a folder with a copy of all files.

    It returns findings in these files, or an Outcome with another scope, and may raise UserError or Skipped. Without
    patterns it always runs. `package` is the tool's name in the locks, if it has another one there.
    """

    part: str
    tool: str
    scan: Callable[[list[str], Path], list[Finding] | Outcome]
    patterns: str = ""
    package: str = ""

    @property
    def name(self) -> str:
        """The name in reports."""
        return f"{self.part}/{self.tool}"


def run_all(scanners: list[Scanner], files: list[str]) -> list[Outcome]:
    """Run the scanners side by side; the slowest is among the first."""
    with copy(files) as folder, ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(lambda scanner: run(scanner, files, folder), scanners))


def run(scanner: Scanner, files: list[str], folder: Path) -> Outcome:
    """Run one scanner; whatever goes wrong is its outcome."""
    chosen = matching(files, scanner.patterns)
    start = time.monotonic()
    try:
        found = scanner.scan(chosen, folder) if chosen or not scanner.patterns else Outcome(obstacle="no files")
        outcome = found if isinstance(found, Outcome) else Outcome(scope=count(len(chosen), "file"), findings=found)
    except Skipped as skipped:
        outcome = Outcome(obstacle=skipped.result, reason=str(skipped))
    except UserError as error:
        outcome = Outcome(obstacle="ERROR", reason=str(error))
    except (LookupError, TypeError, ValueError, OSError) as error:
        reason = f"the report of {scanner.tool} cannot be read: {type(error).__name__} {error}"
        outcome = Outcome(obstacle="ERROR", reason=reason)
    return replace(
        outcome,
        name=scanner.name,
        tool=scanner.tool,
        version=outcome.version or locked_version(scanner.package or scanner.tool),
        findings=sorted(set(outcome.findings), key=lambda each: (each.path, each.line, each.rule)),
        seconds=time.monotonic() - start,
    )


def locked_version(package: str) -> str:
    """The version of a package in the locks of this session; empty for a tool that is not in them."""
    locks = [path.read_text(encoding="utf-8") for path in sorted(Path("requirements").glob("security*.txt"))]
    found = re.search(rf"^{re.escape(package)}==([^\s;]+)", "\n".join(locks), re.MULTILINE)
    return found[1] if found else ""


@contextmanager
def copy(files: list[str]) -> Iterator[Path]:
    """A copy of these files, links resolved, without those from which a scanner would read exceptions."""
    exceptions = {finding.path for finding in exceptions_elsewhere(files)}
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted({*files} - exceptions):
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        yield Path(folder).resolve()


def tool(name: str, *arguments: str, place: Path = ENVIRONMENT, cwd: Path = Path(), found: int = 1) -> Any:
    """The JSON that a tool prints, which ends with 0, or `found`; UserError if it crashes, hangs, or is missing."""
    # Large tools would compile themselves at each start.
    env = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": ""}
    missing = "There is no wheel of it for this machine."
    command = [str(place / "bin" / name), *arguments]
    done = processes.run(command, cwd=cwd, env=env, timeout=TIMEOUT_SECONDS, missing=missing)
    if done.returncode not in {0, found}:
        raise UserError(f"{name} failed with exit code {done.returncode}: {processes.last_line(done.stderr)[:300]}")
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise UserError(f"{name} printed no JSON but: {done.stdout.strip()[:200] or 'nothing'}") from None
