"""The stack with monitoring: logs, traces, metrics and alerts of real containers, and outages of monitoring itself."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tasks.core.ports import Ports
from tasks.core.tools import Tool
from tests.container_facts import weaknesses
from tests.support import run
from tests.tasks.requirements import engine
from toolkit.application import environment
from toolkit.reliability.alerts import (
    FAULTS,
    PORTS,
    Monitoring,
    await_answers,
    commands,
    register,
    wait,
    without_missing_images,
)
from toolkit.stack import Stack, StackFailedError, call, docker

pytestmark = pytest.mark.containers
MONITORING = {
    "alertmanager",
    "collector",
    "jaeger",
    "postgres-exporter",
    "prometheus",
    "redis-exporter",
    "victoria-logs",
}
# Their images have no program for a health check.
UNCHECKED = {"collector", "redis-exporter"}
SECONDS = 60.0
# By the page of the state.
TOUCHED = {"frontend", "gateway", "auth"}


@pytest.fixture(scope="module")
def stack(rendered: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running stack of a project with monitoring, in which every request is traced and logged."""
    engine()
    project = tmp_path_factory.mktemp("monitored") / "my-app"
    shutil.copytree(rendered("everything"), project, symlinks=True)
    without_missing_images(project)
    with Ports() as ports:
        numbers = {name: str(ports.take()) for name in PORTS}
        settings = {**numbers, "OTEL_TRACES_SAMPLER_ARG": "1", "LOG_LEVEL": "DEBUG"}
        running = Stack(project, f"monitored-{secrets.token_hex(4)}", ports.take(), settings)
        try:
            running.session("up", "--monitoring")
            yield running
        finally:
            with suppress(StackFailedError):
                running.down("--volumes", "--yes")
            running.remove()


@pytest.fixture(scope="module")
def monitoring(stack: Stack) -> Monitoring:
    return Monitoring.of(stack)


def ask_gateway(stack: Stack) -> str:
    """The ID of a request that the gateway passes on."""
    return httpx.get(f"{stack.url}/api/auth/me", timeout=10).headers["X-Request-ID"]


def test_all_of_it_is_ready_hardened_and_published_on_the_loopback_address_only(stack: Stack) -> None:
    found = stack.inspect()
    assert found.keys() >= MONITORING
    assert stack.unhealthy().keys() == UNCHECKED
    for name in MONITORING:
        # The image of the collector has no program to ask its kernel with.
        assert name == "collector" or weaknesses(found[name]) == set(), name
        assert found[name]["HostConfig"]["Memory"] > 0
        bound = [each["HostIp"] for ports in found[name]["HostConfig"]["PortBindings"].values() for each in ports]
        assert {*bound} <= {"127.0.0.1"}
    assert stack.session("status").count("(healthy)") >= len(MONITORING - UNCHECKED)
    mounts = [mount["Source"] for about in found.values() for mount in about["Mounts"]]
    assert [path for path in mounts if path.endswith("docker.sock")] == []


def open_page(stack: Stack) -> str:
    """The ID of a request for a page that shows the state of the services."""
    return httpx.get(f"http://127.0.0.1:{stack.frontend_port}/status", timeout=30).headers["X-Request-ID"]


def test_the_request_id_of_a_page_leads_to_log_lines_of_each_service(stack: Stack, monitoring: Monitoring) -> None:
    number = open_page(stack)

    def services() -> set[str]:
        lines = map(json.loads, monitoring.log_lines(f'request_id:"{number}"'))
        return {line["service.name"] for line in lines}

    wait("log lines of all services", SECONDS, lambda: services() >= TOUCHED)


def test_the_request_id_of_a_page_leads_to_its_trace_in_each_service(stack: Stack, monitoring: Monitoring) -> None:
    number = open_page(stack)

    def traced() -> set[str]:
        lines = map(json.loads, monitoring.log_lines(f'request_id:"{number}"'))
        ids = {line["trace_id"] for line in lines if line.get("trace_id")}
        return {service for each in ids for service in monitoring.traced(each)}

    wait("spans of all services", SECONDS, lambda: traced() >= TOUCHED)


def test_every_panel_and_rule_is_answered(stack: Stack, monitoring: Monitoring) -> None:
    register(stack)
    assert await_answers(stack.project, monitoring) == []


def test_a_tool_that_is_not_on_path_runs_in_its_image(stack: Stack) -> None:
    tool = Tool("promtool", (99, 0), "")
    image = docker("inspect", "--format={{.Config.Image}}", stack.container("prometheus")).strip()
    done = tool.run(stack.project / "infra/monitoring", image, "check", "config", "prometheus.yml")
    assert done.returncode == 0, done.stderr
    assert "prometheus.yml is valid" in done.stdout
    wrong = tool.run(stack.project / "docs", image, "check", "config", "operations.md")
    assert wrong.returncode != 0


def test_outages_of_monitoring_do_not_touch_the_application(stack: Stack, monitoring: Monitoring) -> None:
    away = ("collector", "victoria-logs", "jaeger", "prometheus")
    ids = [stack.container(name) for name in away]
    docker("stop", *ids)
    try:
        numbers = [ask_gateway(stack) for _ in range(20)]
        assert len({*numbers}) == 20
        assert stack.unhealthy().keys() == {*away, "redis-exporter"}
    finally:
        docker("start", *ids)

    def stored() -> set[str]:
        with suppress(httpx.TransportError):
            lines = map(json.loads, monitoring.log_lines("request_id:* | sort by (_time) desc | limit 500"))
            return {line.get("request_id", "") for line in lines}
        return set()

    # The engine kept them until the collector was back.
    wait("the lines of the outage", SECONDS, lambda: {*numbers} <= stored())


def test_an_alert_fires_and_its_runbook_ends_it(stack: Stack, monitoring: Monitoring) -> None:
    [fault] = [each for each in FAULTS if each.alert == "ServiceDown"]
    fault.inject(stack)
    wait("the alert", 180, lambda: fault.alert in monitoring.firing())
    run_commands(stack, "service-down.md")
    assert stack.unhealthy().keys() == UNCHECKED
    wait("the end of the alert", 180, lambda: fault.alert not in monitoring.firing())


@pytest.mark.parametrize("page", ["error-budget", "database-pool", "redis-memory", "jobs", "telemetry", "README"])
def test_the_commands_of_a_runbook_work(stack: Stack, page: str) -> None:
    run_commands(stack, f"{page}.md")


def run_commands(stack: Stack, page: str) -> None:
    """Run the commands of a runbook, with the ports of this stack."""
    usual = {"9090": "PROMETHEUS_PORT", "9093": "ALERTMANAGER_PORT", "9428": "LOGS_PORT"}
    found = commands(stack.project / "docs/runbooks" / page)
    assert found
    for command in found:
        text = re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda port: stack.others[usual[port[0]]], command)
        done = call("sh", "-c", text.replace("curl -s", "curl -sS --fail"), cwd=stack.project, settings=stack.settings)
        assert '"status":"error"' not in done, text


def test_without_monitoring_logs_go_to_files_and_down_removes_all(stack: Stack) -> None:
    stack.up()
    assert stack.inspect()["auth"]["HostConfig"]["LogConfig"]["Type"] == "json-file"
    stack.down("--volumes", "--yes")
    assert stack.containers() == {}
    volumes = run("docker", "volume", "ls", "-q", "-f", f"name={stack.name}", cwd=stack.project, **environment())
    assert volumes.stdout == ""
