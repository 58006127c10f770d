"""What a check is and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass

SEVERITIES = ("critical", "high", "medium", "low")


class Skipped(Exception):
    """Why a check cannot be made here, and what would make it possible."""


class NothingThere(Exception):
    """Why there is nothing here for a check to look at, which is no failure even where a skip is one."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(reason)
        self.what = what


@dataclass(frozen=True)
class Finding:
    """What a tool found, where; `line` is 1 where the whole file is meant, `severity` one of SEVERITIES."""

    tool: str
    rule: str
    path: str
    line: int
    message: str
    severity: str

    def __str__(self) -> str:
        """The finding as compilers print theirs."""
        return f"{self.path}:{self.line}: {self.message} ({self.tool}: {self.rule}, {self.severity})"


@dataclass(frozen=True)
class Scan:
    """What was found, and how much was looked at, such as `12 files`; of a check's several tools, by which `tool`."""

    looked_at: str
    findings: list[Finding]
    tool: str = ""
    version: str = ""


@dataclass(frozen=True)
class Check:
    """A part's tool: `scan` gets the files that fit `patterns` (as in `matching`).

    It may raise UserError, Skipped or NothingThere. `package` is pinned in the locks; a tool that is not has none.
    Without such a file there is nothing to do; without patterns there always is.
    """

    part: str
    tool: str
    package: str
    scan: Callable[[list[str]], Scan]
    patterns: str = ""
    slow: bool = False

    @property
    def name(self) -> str:
        """What reports call it."""
        return f"{self.part}/{self.tool}"
