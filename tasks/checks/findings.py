"""What scanners report, in one form."""

from dataclasses import dataclass

SEVERITIES = ("critical", "high", "medium", "low")


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
