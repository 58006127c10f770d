"""The session `monitoring`: each check finds its fault, and what is missing is reported."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tasks.compose import up
from tasks.core.errors import UserError
from tasks.core.tools import Tool, ToolMissingError
from tasks.monitoring import doctor, queries, rules
from tests.support import ROOT, nox
from tests.tasks.requirements import monitoring_tools

FOLDER = Path("infra/monitoring")
PLANTED_ALERT = """
      - alert: Planted
        expr: planted_total > 1
      - alert: Broken
        expr: up ==
"""
# A change of a file for each check, and what the check prints about it.
FAULTS = {
    "tests": (FOLDER / "rules/causes.yaml", "> 0.85", "> 0.95", "RedisMemoryNearlyFull fires above 85 percent"),
    "rules": (FOLDER / "prometheus.yml", "scrape_interval: 15s", "scrape_interval: 15", "prometheus.yml"),
    "receivers": (FOLDER / "alertmanager.yml", "receiver: pages", "receiver: nobody", 'undefined receiver "nobody"'),
    "generated": (FOLDER / "slo.toml", "percent = 99.9", "percent = 99.5", f"stale: {rules.RULES}"),
    "services": (
        Path("compose.yaml"),
        "services:\n  auth:\n",
        "services:\n  planted: {}\n  auth:\n",
        "no `logging` in infra/monitoring/compose.monitoring.yaml: planted",
    ),
}
ADDED = {
    "queries": ["Planted: nothing exports planted_total", "Broken: "],
    "alerts": [
        "Planted: no test in infra/monitoring/rules/ is about it",
        "Planted: its severity is none of page, ticket",
        "Planted: it has no summary",
        "Planted: its runbook has no heading with its name",
    ],
}


@pytest.fixture
def project(rendered: Callable[[str], Path], tmp_path: Path) -> Path:
    """A project with monitoring that a test may change."""
    folder = tmp_path / "my-app"
    skipped = shutil.ignore_patterns("frontend", ".git")
    return Path(shutil.copytree(rendered("everything"), folder, symlinks=True, ignore=skipped))


def results(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """The result of each check."""
    return {found[1]: found[2] for found in re.finditer(r"^(\w+) +(ok|FAILED)$", done.stdout, re.MULTILINE)}


def test_each_check_finds_its_fault(project: Path) -> None:
    monitoring_tools()
    for path, old, new, _ in FAULTS.values():
        text = (project / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, path
        (project / path).write_text(text.replace(old, new), encoding="utf-8")
    with (project / FOLDER / "rules/causes.yaml").open("a", encoding="utf-8") as file:
        file.write(PLANTED_ALERT.replace("up ==", "up == 2"))
    (project / "src/backend/planted").mkdir()
    (project / "src/backend/planted/__main__.py").touch()
    first = nox(project, "-s", "monitoring")
    assert "no job in infra/monitoring/prometheus.yml: planted" in first.stdout
    assert results(first) == dict.fromkeys([*FAULTS, *ADDED], "FAILED"), first.stdout
    assert [output for *_, output in FAULTS.values() if output not in first.stdout] == []
    assert [line for line in ADDED["alerts"] if line not in first.stdout] == []
    assert first.returncode == 1
    written = nox(project, "-s", "monitoring", "--", "--fix")
    assert f"Wrote {rules.RULES}." in written.stdout
    assert "> 14.4 * 0.005" in (project / rules.RULES).read_text(encoding="utf-8")
    assert results(written)["generated"] == "ok"


def test_a_query_that_is_no_promql_is_found(project: Path, without_tools: str) -> None:
    with (project / FOLDER / "rules/causes.yaml").open("a", encoding="utf-8") as file:
        file.write(PLANTED_ALERT)
    done = nox(project, "-s", "monitoring", PATH=without_tools)
    assert results(done)["queries"] == "FAILED"
    assert [line for line in ADDED["queries"] if line not in done.stdout] == []


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_without_the_tools_checks_are_skipped_but_fail_in_ci(
    project: Path, without_tools: str, ci: str, code: int
) -> None:
    done = nox(project, "-s", "monitoring", "--", "--fix", PATH=without_tools, CI=ci)
    assert done.returncode == code, done.stdout
    found = results(done)
    assert {found[name] for name in ("generated", "queries", "alerts", "services")} == {"ok"}
    assert {name: result for name, result in found.items() if result != "ok"} == (
        dict.fromkeys(("tests", "rules", "receivers"), "FAILED") if ci else {}
    )
    assert "Install promtool 3.0 or newer: apt-get install prometheus, or brew install prometheus" in done.stdout
    assert done.stdout.count("Skipped what needs it: Install amtool") == (0 if ci else 1)


@pytest.fixture
def without_tools(tmp_path: Path) -> str:
    """A folder with git, but without promtool, amtool and docker."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").symlink_to(str(shutil.which("git")))
    return str(folder)


def test_a_tool_that_is_missing_or_too_old_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    tool = Tool("planted", (3, 0), "apt-get install planted")
    assert tool.version() is None
    script = tmp_path / "planted"
    script.write_text("#!/bin/sh\necho planted, version 2.53.1\n", encoding="utf-8")
    script.chmod(0o755)
    assert tool.version() == (2, 53)
    with pytest.raises(ToolMissingError, match=r"^Install planted 3.0 or newer: apt-get install planted$"):
        tool.run(tmp_path, "planted:1")
    script.write_text("#!/bin/sh\necho planted, version 3.1.0\n", encoding="utf-8")
    assert tool.run(tmp_path, "planted:1").stdout == "planted, version 3.1.0\n"


def test_doctor_reports_the_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.rows(tmp_path)[0] == (
        "promtool",
        "missing (nox -s monitoring uses Docker instead)",
        "promtool 3.0 or newer: apt-get install prometheus, or brew install prometheus",
    )


def test_the_rules_of_an_objective_have_its_budget_and_windows() -> None:
    objective = rules.Objective("planted", "fail", percent=99.5, days=28, total="all", bad="failed")
    text = rules.text([objective])
    assert "(sum(rate(failed[5m]))\n          or vector(0)) / sum(rate(all[5m]))" in text
    assert 'slo:errors:ratio_rate1h{slo="planted"} > 14.4 * 0.005' in text
    assert "the error budget of 28 days would last 28 days" in text
    assert rules.read(ROOT / "template")[0].name == "availability"


def test_grafana_gets_its_data_sources_and_dashboards_from_files() -> None:
    folder = ROOT / "template" / FOLDER
    services = yaml.safe_load((folder / "compose.monitoring.yaml").read_text(encoding="utf-8"))["services"]
    sources = yaml.safe_load((folder / "grafana/datasources/datasources.yaml").read_text(encoding="utf-8"))
    assert {urlsplit(each["url"]).hostname for each in sources["datasources"]} < services.keys()
    [provider] = yaml.safe_load((folder / "grafana/dashboards/dashboards.yaml").read_text(encoding="utf-8"))[
        "providers"
    ]
    assert any(f":{provider['options']['path']}:ro" in volume for volume in services["grafana"]["volumes"])
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in (folder / "dashboards").glob("*.json")]
    assert {board["uid"] for board in boards} == {"overview", "service", "stores"}
    for panel in (panel for board in boards for panel in board["panels"] if panel["type"] != "row"):
        targets = [target["refId"] for target in panel["targets"]]
        assert len({*targets}) == len(targets) > 0, panel["title"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


def test_the_stack_of_a_project_without_monitoring_reports_how_to_add_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^This project has no monitoring\. Add it: copier update --data "):
        up.up(tmp_path, with_monitoring=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[a", "Expected ']'"),
        ("[a]\nfailure = 'fail'\n", "an objective missing 3 required positional arguments"),
        ("[a]\nplanted = 1\n", "an objective got an unexpected keyword argument 'planted'"),
        ("[a]\nfailure = 'fail'\npercent = 100.0\ndays = 30\ntotal = 'all'\nbad = 'b'\n", "a needs `good` or `bad`"),
        ("[a]\nfailure = 'fail'\npercent = 99.0\ndays = 30\ntotal = 'all'\n", "a needs `good` or `bad`"),
    ],
)
def test_a_wrong_objective_is_reported_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / rules.OBJECTIVES).write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as failure:
        rules.read(tmp_path)
    assert str(failure.value).startswith(f"{rules.OBJECTIVES}: {reason}")
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("text", ["groups: [", "planted: 1", "groups:\n  - name: a\n"])
def test_a_file_without_rules_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / rules.RULES).parent.mkdir(parents=True)
    (tmp_path / rules.RULES).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"^infra/monitoring/rules/slo.yaml has no rules: "):
        queries.rules(tmp_path)
