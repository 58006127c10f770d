"""The PromQL of rules and dashboards, and the metrics that exist."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tasks.core.errors import UserError
from tasks.monitoring.rules import FOLDER

# The variables of Grafana in queries, with a value that can be parsed; those of a dashboard are strings.
VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$__interval": "1m"}
# A literal in code that may name a metric, and the endings that Prometheus adds by its kind.
LITERAL = re.compile(r"""["']([a-z][a-z0-9]*(?:_[a-z0-9]+)+)["']""")
ENDINGS = ("", "_total", "_bucket", "_count", "_sum")
# Those of Prometheus itself and of prometheus_client.
ALWAYS = {
    *("up", "scrape_duration_seconds", "scrape_samples_scraped"),
    *("process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes"),
    *("process_open_fds", "process_max_fds", "process_start_time_seconds"),
}


@dataclass(frozen=True)
class Query:
    """A query, and the rule or panel in which it is."""

    place: str
    text: str

    @property
    def plain(self) -> str:
        """The query with values for Grafana's variables."""
        found = self.text
        for name, value in VARIABLES.items():
            found = found.replace(name, value)
        return found


def rules(project: Path) -> list[dict[str, Any]]:
    """All rules, in the order of the files. UserError for a file that has none."""
    found = []
    for path in sorted((project / FOLDER / "rules").glob("*.yaml")):
        if not path.stem.endswith("_test"):
            try:
                groups = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
                found += [{"alert": "", "expr": "", **rule} for group in groups for rule in group["rules"]]
            except (yaml.YAMLError, KeyError, TypeError) as error:
                raise UserError(f"{path.relative_to(project)} has no rules: {' '.join(str(error).split())}") from None
    return found


def name_of(rule: dict[str, Any]) -> str:
    """The name of an alert, or of what a rule records."""
    return str(rule["alert"] or rule.get("record", "a rule without a name"))


def queries(project: Path) -> list[Query]:
    """The queries of all rules, and of all panels and variables of dashboards."""
    found = [Query(name_of(rule), rule["expr"]) for rule in rules(project)]
    for path in sorted((project / FOLDER / "dashboards").glob("*.json")):
        found += [Query(f"{path.stem}: {title}", text) for title, text in _panels(json.loads(path.read_text("utf-8")))]
    return found


def _panels(node: Any, title: str = "") -> Iterator[tuple[str, str]]:
    """The titles and queries in a part of a dashboard."""
    if isinstance(node, dict):
        title = node.get("title") or title
        if isinstance(node.get("expr"), str):
            yield title, node["expr"]
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _panels(child, title)


def known(project: Path) -> set[str]:
    """The metrics that the code of the services names, those of the lists of exporters, and of recording rules."""
    found = {rule["record"] for rule in rules(project) if "record" in rule} | ALWAYS
    for path in (*project.glob("src/backend/**/*.py"), *project.glob("src/*/src/**/*.ts")):
        names = LITERAL.findall(path.read_text(encoding="utf-8"))
        found |= {f"{name}{ending}" for name in names for ending in ENDINGS}
    for path in (project / FOLDER / "metrics").glob("*.txt"):
        found |= {*path.read_text(encoding="utf-8").split()}
    return found
