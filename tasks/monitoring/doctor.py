"""The rows of `nox -s doctor` for monitoring."""

from pathlib import Path

from tasks.core.tools import Tool

PROMTOOL = Tool("promtool", (3, 0), "apt-get install prometheus, or brew install prometheus")
AMTOOL = Tool("amtool", (0, 27), "apt-get install prometheus-alertmanager, or brew install alertmanager")


def rows(_project: Path) -> list[tuple[str, str, str]]:
    """Subject, finding and remedy, if one is needed, of the programs that check alerts."""
    return [_row(tool) for tool in (PROMTOOL, AMTOOL)]


def _row(tool: Tool) -> tuple[str, str, str]:
    version = tool.version()
    found = "missing" if version is None else ".".join(map(str, version))
    is_fine = version is not None and version >= tool.oldest
    return (
        tool.name,
        found if is_fine else f"{found} (nox -s monitoring uses Docker instead)",
        "" if is_fine else tool.advice,
    )
