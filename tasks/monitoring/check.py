"""The command behind `nox -s monitoring`: the checks of alerts and dashboards."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from tasks.core import atomic_file
from tasks.core.console import print_result
from tasks.core.environments import INCOMPLETE
from tasks.core.errors import UserError
from tasks.core.tools import Tool, ToolMissingError
from tasks.monitoring import dashboards, queries, rules
from tasks.monitoring.doctor import AMTOOL, PROMTOOL
from tasks.monitoring.rules import FOLDER

OVERLAY = "compose.monitoring.yaml"
SEVERITIES = ("page", "ticket")
# The server with whose image a program comes.
SERVERS = {PROMTOOL: "prometheus", AMTOOL: "alertmanager"}
STRICT = ("--lint=all", "--lint-fatal")
# A variable in a Compose file, and its default.
VARIABLE = re.compile(r"\$\{\w+:?-([^}]*)\}")


def main() -> str | None:
    """Check rules and their tests, queries, runbooks, dashboards, and the configuration of the servers."""
    parser = argparse.ArgumentParser(prog="nox -s monitoring --", description=main.__doc__)
    parser.add_argument("--fix", action="store_true", help="write the rules of slo.toml and the dashboards' JSON")
    project = Path.cwd()
    if parser.parse_args().fix:
        for path in stale(project):
            atomic_file.write(path, generated(project)[path], 0o644)
            print(f"Wrote {path.relative_to(project)}.")
    failed, missing = [], set()
    with ThreadPoolExecutor() as pool:
        for name, running in [(name, pool.submit(check, project)) for name, check in CHECKS.items()]:
            try:
                fault = running.result()
            except ToolMissingError as error:
                missing.add(str(error))
                if not os.environ.get("CI"):
                    continue
                fault = str(error)
            except UserError as error:
                fault = str(error)
            print_result(name, "", fault or None)
            failed += [name] if fault else []
    if missing and not os.environ.get("CI"):
        print("\n".join(f"Skipped what needs it: {text}" for text in sorted(missing)))
        (Path(sys.prefix) / INCOMPLETE).touch()
    return f"monitoring: failed: {', '.join(failed)}" if failed else None


def generated(project: Path) -> dict[Path, str]:
    """The generated files and what they should contain."""
    return {project / rules.RULES: rules.text(rules.read(project)), **dashboards.texts(project)}


def stale(project: Path) -> list[Path]:
    """The generated files that differ, or are missing."""
    return [path for path, text in generated(project).items() if not path.exists() or path.read_text("utf-8") != text]


def stale_files(project: Path) -> str:
    """A message for files that are out of date."""
    names = ", ".join(str(path.relative_to(project)) for path in stale(project))
    return f"stale: {names}. Write them: nox -s monitoring -- --fix" if names else ""


def wrong_queries(project: Path) -> str:
    """Queries that cannot be parsed, or read metrics that nothing exports."""
    known, faults = queries.known(project), []
    for query in queries.queries(project):
        try:
            faults += [f"{query.place}: nothing exports {name}" for name in sorted(metrics(query.plain) - known)]
        except ValueError as error:
            faults.append(f"{query.place}: {error}: {query.text}")
    return "\n".join(faults)


def metrics(query: str) -> set[str]:
    """The metrics that a query reads. ValueError if it is no PromQL."""
    names: set[str] = set()

    def visit(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            names.add(node.name or "")

    promql_parser.walk(promql_parser.parse(query), visit)
    return names


def wrong_alerts(project: Path) -> str:
    """Rules without a test, and alerts without a severity, a summary or a section in a runbook."""
    tests, faults = _tests(project), []
    for rule in queries.rules(project):
        name = queries.name_of(rule)
        if name not in tests:
            faults.append(f"{name}: no test in {FOLDER}/rules/ is about it")
        if rule["alert"]:
            faults += [f"{name}: {fault}" for fault in _alert_faults(project, rule)]
    return "\n".join(faults)


def _alert_faults(project: Path, rule: dict[str, Any]) -> list[str]:
    notes = rule.get("annotations") or {}
    page = project / str(notes.get("runbook"))
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    faults = {
        f"its severity is none of {', '.join(SEVERITIES)}": rule.get("labels", {}).get("severity") in SEVERITIES,
        "it has no summary": bool(notes.get("summary")),
        f"{notes.get('runbook') or 'its runbook'} has no heading with its name": re.search(
            rf"^#+ .*\b{rule['alert']}\b", text, re.MULTILINE
        ),
    }
    return [fault for fault, is_fine in faults.items() if not is_fine]


def _tests(project: Path) -> set[str]:
    """The alerts and recording rules that the tests are about."""
    found: set[str] = set()
    for path in test_files(project):
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            found |= {case["alertname"] for case in test.get("alert_rule_test", []) if case.get("exp_alerts")}
            for case in test.get("promql_expr_test", []):
                found |= metrics(case["expr"])
    return found


def test_files(project: Path) -> list[Path]:
    """The unit tests of rules."""
    return sorted((project / FOLDER / "rules").glob("*_test.yaml"))


def unobserved_services(project: Path) -> str:
    """Services in containers whose logs do not reach the collector, and those that Prometheus does not scrape."""
    files = [path for pattern in ("", "src/*/", "src/backend/*/") for path in project.glob(f"{pattern}compose.yaml")]
    overlays = [project / FOLDER / OVERLAY, *project.glob(f"src/*/{OVERLAY}")]
    logged = {name for path in overlays for name, service in _services(path).items() if "logging" in service}
    silent = {name for path in files for name in _services(path)} - logged
    scraped = yaml.safe_load((project / FOLDER / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    packages = {path.parent.name for path in project.glob("src/backend/*/__main__.py")}
    unscraped = packages - {job["job_name"] for job in scraped}
    faults = {f"no `logging` in {FOLDER}/{OVERLAY}": silent, f"no job in {FOLDER}/prometheus.yml": unscraped}
    return "\n".join(f"{fault}: {', '.join(sorted(names))}" for fault, names in faults.items() if names)


def _services(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["services"]
    return found


def run_tool(project: Path, tool: Tool, *arguments: str) -> str:
    """The output of a program that fails in the folder of monitoring; empty if it passes."""
    image = VARIABLE.sub(r"\1", _services(project / FOLDER / OVERLAY)[SERVERS[tool]]["image"])
    done = tool.run(project / FOLDER, image, *arguments)
    return f"{done.stdout}{done.stderr}".strip() or f"{tool.name} failed" if done.returncode else ""


def run_tests(project: Path) -> str:
    """The unit tests of rules that fail."""
    return run_tool(project, PROMTOOL, "test", "rules", *(f"rules/{path.name}" for path in test_files(project)))


CHECKS: dict[str, Callable[[Path], str]] = {
    "tests": run_tests,
    "rules": lambda project: run_tool(project, PROMTOOL, "check", "config", *STRICT, "prometheus.yml"),
    "receivers": lambda project: run_tool(project, AMTOOL, "check-config", "alertmanager.yml"),
    "generated": stale_files,
    "queries": wrong_queries,
    "alerts": wrong_alerts,
    "services": unobserved_services,
}
