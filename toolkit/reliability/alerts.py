"""Asks the Prometheus of a stack what panels and rules ask, and waits for alerts in its Alertmanager."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tasks.core.errors import UserError
from tasks.monitoring.queries import queries
from toolkit.stack import Stack, StackFailedError, call, docker

POLL_SECONDS = 1.0
# A rate needs two scrapes.
ANSWER_SECONDS = 120.0
# The longest window of the alerts below, their pending time, and the intervals of scrapes and notifications.
ALERT_SECONDS = 500.0
OVERLAY = Path("infra/monitoring/compose.monitoring.yaml")
RULES = Path("infra/monitoring/rules")
PORTS = ("PROMETHEUS_PORT", "ALERTMANAGER_PORT", "LOGS_PORT", "TRACES_PORT", "COLLECTOR_PORT", "GRAFANA_PORT")
SERVICE = re.compile(r'="\$service"')
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REDIS = (
    'REDISCLI_AUTH="$(cat /run/secrets/redis_password)" '
    "redis-cli --tls --cacert /run/secrets/ca_certificate CONFIG SET maxmemory"
)


@dataclass(frozen=True)
class Monitoring:
    """The published ports of the monitoring of a stack."""

    prometheus: int
    alertmanager: int
    logs: int
    traces: int

    @classmethod
    def of(cls, stack: Stack) -> Monitoring:
        """That of a stack which has settings for its ports."""
        return cls(*(int(stack.others[name]) for name in PORTS[:4]))

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series of a query. UserError if Prometheus refuses it."""
        answer = get(self.prometheus, "/api/v1/query", query=query)
        if answer["status"] != "success":
            raise UserError(f"Prometheus: {answer['error']}: {query}")
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def firing(self) -> set[str]:
        """The names of the alerts that Alertmanager has."""
        return {alert["labels"]["alertname"] for alert in get(self.alertmanager, "/api/v2/alerts")}

    def log_lines(self, query: str) -> list[str]:
        """The log lines of a query in LogsQL, as JSON."""
        answer = httpx.get(f"http://127.0.0.1:{self.logs}/select/logsql/query", params={"query": query}, timeout=30)
        return answer.text.splitlines()

    def traced(self, trace_id: str) -> set[str]:
        """The services with spans of a trace; none if Jaeger has not got it."""
        found = get(self.traces, f"/api/traces/{trace_id}").get("data") or []
        return {process["serviceName"] for trace in found for process in trace["processes"].values()}


def without_missing_images(project: Path) -> None:
    """Take Grafana out of the overlay where its image is missing, as on a machine without a registry."""
    document = yaml.safe_load((project / OVERLAY).read_text(encoding="utf-8"))
    image = re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", document["services"]["grafana"]["image"])
    try:
        docker("image", "inspect", image)
    except StackFailedError:
        del document["services"]["grafana"]
        (project / OVERLAY).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def get(port: int, path: str, **parameters: str) -> Any:
    """The JSON of an answer, whatever its status."""
    return httpx.get(f"http://127.0.0.1:{port}{path}", params=parameters, timeout=30).json()


def wait(what: str, seconds: float, is_done: Callable[[], object]) -> None:
    """Return when something is so. UserError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            raise UserError(f"Not within {seconds:.0f} s: {what}")
        time.sleep(POLL_SECONDS)


def unanswered(project: Path, monitoring: Monitoring) -> list[str]:
    """The panels and recording rules that have no series, and the rules that Prometheus cannot evaluate."""
    known = queries(project)
    groups = get(monitoring.prometheus, "/api/v1/rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    failed = [f"{rule['name']}: {rule['lastError']}" for rule in rules if rule["health"] == "err"]
    missing = {each.place for each in known if ": " not in each.place} - {rule["name"] for rule in rules}
    asked = [(rule["name"], rule["name"]) for rule in rules if rule["type"] == "recording"]
    asked += [(each.place, SERVICE.sub('=~".+"', each.plain)) for each in known if ": " in each.place]
    silent = [f"{place}: no series: {text}" for place, text in asked if not monitoring.ask(text)]
    return [*failed, *(f"{name}: Prometheus has no such rule" for name in sorted(missing)), *silent]


def register(stack: Stack) -> None:
    """Register a user, whose mail is a job of the worker. UserError if that is refused."""
    account = {"email": "a@example.org", "password": secrets.token_urlsafe(16), "name": "A"}
    answer = httpx.post(f"{stack.url}/api/auth/register", json=account, timeout=30)
    if answer.status_code != httpx.codes.ACCEPTED:
        raise UserError(f"A registration is refused: {answer.status_code} {answer.text[:500]}")


def await_answers(project: Path, monitoring: Monitoring) -> list[str]:
    """What is still unanswered when everything has been scraped a few times."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while (found := unanswered(project, monitoring)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return found


def commands(runbook: Path) -> list[str]:
    """The commands of a runbook."""
    return [command.strip() for command in SHELL.findall(runbook.read_text(encoding="utf-8"))]


@dataclass(frozen=True)
class Fault:
    """A fault of docs/reliability.md that lasts, the alert that it fires, and the runbook's command that ends it."""

    name: str
    alert: str
    inject: Callable[[Stack], object]
    runbook: str
    command: str


def fire_and_end(stack: Stack, monitoring: Monitoring, fault: Fault) -> None:
    """Wait until the fault fires its alert, and until the alert ends after the command of the runbook. UserError."""
    if fault.command not in commands(stack.project / "docs/runbooks" / fault.runbook):
        raise UserError(f"docs/runbooks/{fault.runbook} has no command: {fault.command}")
    fault.inject(stack)

    def fires() -> bool:
        # Redis refuses what somebody writes: a log-in counts against a limit.
        httpx.post(f"{stack.url}/api/auth/login", json={"email": "a@example.com", "password": "b"}, timeout=30)
        return fault.alert in monitoring.firing()

    wait(f"{fault.alert} of {fault.name} fires", ALERT_SECONDS, fires)
    call("sh", "-c", fault.command, cwd=stack.project, settings=stack.settings)
    wait(f"{fault.alert} of {fault.name} ends", ALERT_SECONDS, lambda: fault.alert not in monitoring.firing())


def stopped(service: str, alert: str) -> Fault:
    """A service that does not come back."""
    command = "python3 noxfile.py -s stack -- up --monitoring"
    return Fault(
        f"{service} is away", alert, lambda stack: docker("stop", stack.container(service)), "service-down.md", command
    )


FAULTS = (
    stopped("auth", "ServiceDown"),
    stopped("postgres", "ServerDown"),
    Fault(
        "Redis is out of memory",
        "RedisRefusesWrites",
        lambda stack: docker("exec", stack.container("redis"), "sh", "-c", f"{REDIS} 1"),
        "redis-memory.md",
        f"docker compose exec --no-TTY redis sh -c '{REDIS} 256mb'",
    ),
)
