"""The checks of a reliability run, and that it finds writes that an application has lost."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.core.errors import UserError
from tests.support import ROOT, run
from tests.tasks import requirements
from toolkit.application import free_port
from toolkit.reliability.__main__ import choose, missing
from toolkit.reliability.client import KINDS, READINESS, Refused, connected
from toolkit.reliability.embedded import private_mounts, unexpected
from toolkit.reliability.episode import Episode
from toolkit.reliability.faults import ENGINE, Fault, faults, stack_faults
from toolkit.reliability.mutants import mutants, survivors
from toolkit.reliability.page import COLUMNS, page, row
from toolkit.reliability.probe import first_successes
from toolkit.reliability.record import NO_ANSWER, TOO_LATE, Call, Record, Write
from toolkit.stack import Stack, StackFailedError

FAULT: Fault[Any] = Fault("kill -9 projects", frozenset({"projects"}), lambda _stack: None)
EPISODE = Episode(FAULT, started=0, begun=4, ended=5, answering=7, healthy=8, stopped=12, problems=())


class Forgetful(BaseHTTPRequestHandler):
    """Acknowledges every write, but loses the new name of each third project and every user but the first.

    Of sessions, it loses each fourth, as Redis may, and each log-out but the first. Of exports, it writes only the
    first.
    """

    projects: dict[str, str]
    users: set[str]
    ended: set[str]
    numbers: Iterator[int]
    sessions: Iterator[int]

    def do_GET(self) -> None:
        if self.path.endswith("/me"):
            session = self.headers["Authorization"].removeprefix("Bearer access-")
            self.answer(401 if session in self.ended or int(session) % 4 == 0 else 200, {})
            return
        if self.path.endswith("/audit-export"):
            self.answer(200, {"finished_at": "now" if "/1/" in self.path else None})
            return
        if self.path.startswith("/inbox"):
            address = parse_qs(urlsplit(self.path).query)["to"][0]
            self.answer(200, [{"links": [f"http://127.0.0.1/verify?token={address}"]}])
            return
        items = [{"id": number, "name": name} for number, name in self.projects.items()]
        self.answer(200, {"items": items, "next": None})

    def do_PATCH(self) -> None:
        number, name = self.path.rpartition("/")[2], self.body()["name"]
        if int(number) % 3:
            self.projects[number] = name
        self.answer(200, {"id": number, "name": name})

    def do_POST(self) -> None:
        if self.path.endswith("/logout"):
            self.ended.add(self.headers["Authorization"].removeprefix("Bearer access-") if not self.ended else "")
            self.answer(204)
            return
        if self.path.endswith("/audit-export"):
            self.answer(202, {})
            return
        body = self.body()
        match self.path.rpartition("/")[2]:
            case "projects":
                number = str(next(self.numbers))
                self.projects[number] = body["name"]
                self.answer(201, {"id": number})
            case "register":
                if not self.users:
                    self.users.add(body["email"])
                self.answer(202)
            case "verify":
                self.answer(200 if body["token"] in self.users else 422, {})
            case "refresh":
                session = body["refresh_token"].removeprefix("refresh-")
                self.answer(401 if session in self.ended else 200, tokens(session))
            case _:
                self.answer(200 if body["email"] in self.users else 401, tokens(str(next(self.sessions))))

    def body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, status: int, body: Any = None) -> None:
        self.send_response(status)
        self.end_headers()
        if body is not None:
            self.wfile.write(json.dumps(body).encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def tokens(session: str) -> dict[str, str]:
    """The tokens of a session of such an application."""
    return {"access_token": f"access-{session}", "refresh_token": f"refresh-{session}"}


@contextmanager
def forgetful() -> Iterator[str]:
    """The URL of such an application."""
    known: dict[str, Any] = {"projects": {}, "users": set(), "ended": set()}
    counters = {"numbers": itertools.count(1), "sessions": itertools.count(1)}
    handler = type("Handler", (Forgetful,), known | counters)
    with serving(handler) as url:
        yield url


class Server(ThreadingHTTPServer):
    """A server for many connections at once."""

    request_queue_size = 64


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The URL of a server with this handler."""
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Late:
    """A server that refuses all calls until a monotonic time, then accepts reads only; it keeps their paths."""

    url: str
    ready: float
    succeeded: list[str]


@contextmanager
def late(seconds: float) -> Iterator[Late]:
    """Such a server, ready after so many seconds."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_ready = time.monotonic() >= ready
            self.send_response(200 if is_ready else 503)
            self.end_headers()
            if is_ready:
                succeeded.append(self.path)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Log nothing."""

    succeeded: list[str] = []
    ready = time.monotonic() + seconds
    with serving(Handler) as url:
        yield Late(url, ready, succeeded)


async def promised(url: str, record: Record) -> list[Write]:
    """The lost writes of a user with projects, and of another one who registered."""
    async with connected([url], record) as client:
        await client.join()
        for _ in range(4):
            await client.work()
        await client.register()
        return await missing(client, record.writes)


def test_lost_writes_are_found() -> None:
    record = Record()
    with forgetful() as url:
        lost = asyncio.run(promised(url, record))
    assert [write.what for write in record.writes].count("name") == 4
    assert [(write.what, write.value) for write in lost] == [("name", "renamed 2"), ("user", "")]


def test_lost_sessions_and_lost_log_outs_are_found() -> None:
    async def promised(url: str) -> list[Write]:
        async with connected([url], record) as client:
            await client.join()
            for _ in range(4):
                await client.session()
            return await missing(client, record.writes)

    record = Record()
    with forgetful() as url:
        lost = asyncio.run(promised(url))
    assert [(write.what, write.key) for write in record.writes[1:]] == [
        ("session", "access-1"),
        ("refresh", "access-2"),
        ("log-out", "access-3"),
        ("refresh", "access-4"),
        ("log-out", "access-5"),
    ]
    assert [(write.what, write.key) for write in lost] == [("refresh", "access-4"), ("log-out", "access-5")]


def test_lost_exports_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def promised(url: str) -> list[Write]:
        async with connected([url], Record()) as client:
            await client.join()
            for _ in range(2):
                await client.export()
            return await missing(client, client.record.writes)

    monkeypatch.setattr("toolkit.reliability.__main__.EXPORT_SECONDS", 0.0)
    with forgetful() as url:
        assert [(write.what, write.key) for write in asyncio.run(promised(url))] == [("export", "2")]


def test_calls_that_measure_the_recovery_are_not_counted() -> None:
    async def probe(url: str) -> tuple[float, dict[str, float]]:
        async with connected([url], record) as client:
            await client.join()
            del record.calls[:]
            return time.monotonic(), await first_successes(client, [url, url], 30.0)

    record = Record()
    with forgetful() as url:
        started, moments = asyncio.run(probe(url))
    assert set(moments) == {READINESS, *(kind.name for kind in KINDS)}
    assert min(moments.values()) > started
    assert record.calls == []
    assert {"project", "refresh"} <= {write.what for write in record.writes}


def test_the_first_success_is_measured_and_calls_without_one_are_missing() -> None:
    async def probe(server: Late) -> dict[str, float]:
        async with connected([server.url], Record()) as client:
            return await first_successes(client, [server.url], 3.0)

    with late(0.7) as server:
        moments = asyncio.run(probe(server))
    assert {name for name in moments if moments[name] < server.ready} == set()
    assert set(moments) == {READINESS, "health", "public keys", "who am I"}
    assert sorted(server.succeeded) == ["/.well-known/jwks.json", "/api/auth/me", "/health", "/health/detailed"]


def test_a_failed_call_is_recorded_without_a_write() -> None:
    async def work(url: str) -> None:
        async with connected([url], record) as client:
            await client.work()

    record = Record()
    with pytest.raises(Refused, match="POST /api/projects: ConnectError"):
        asyncio.run(work("http://127.0.0.1:9"))
    assert [(call.kind, call.outcome) for call in record.calls] == [("projects", NO_ANSWER)]
    assert record.writes == []


@pytest.mark.parametrize(
    ("kind", "moment", "outcome", "failures"),
    [
        ("projects", 5, "502", []),
        ("projects", 5, "200", []),
        ("projects", 5, "500", ["projects: 500 × 1"]),
        ("projects", 5, NO_ANSWER, [f"projects: {NO_ANSWER} × 1"]),
        ("projects", 9, "502", ["projects: 502 × 1 after the recovery"]),
        ("who am I", 5, "502", ["who am I: 502 × 1"]),
        ("who am I", 5, "401", ["who am I: 401 × 1"]),
        ("health", 13, "502", []),
    ],
)
def test_only_calls_that_need_a_faulty_container_may_fail_until_the_recovery(
    kind: str, moment: float, outcome: str, failures: list[str]
) -> None:
    assert EPISODE.failures(Record([Call(kind, moment, moment + 1, outcome)])) == failures


def test_calls_may_have_no_answer_if_the_gateway_is_down() -> None:
    gone: Fault[Any] = Fault("kill -9 gateway", frozenset({"gateway"}), lambda _stack: None)
    episode = Episode(gone, 0, 4, 5, 7, 8, 12, ("not healthy within 60 s",))
    assert episode.failures(Record([Call("who am I", 5, 6, NO_ANSWER)])) == ["not healthy within 60 s"]
    assert episode.failures(Record([Call("who am I", 5, 6, TOO_LATE)])) == [*episode.problems, "who am I: too late × 1"]


def test_a_row_counts_writes_by_the_time_of_their_acknowledgement() -> None:
    writes = [Write("project", str(at), "", at) for at in (1, 2, 5, 7.5, 9, 20)]
    calls = [Call("projects", 5, 6, "502"), Call("projects", 5.5, 7.5, "504"), Call("health", 6, 10, "200")]
    made = row(EPISODE, Record(calls, writes), [writes[2], writes[5]])
    assert made.cells == (
        *("kill -9 projects", "2.5 s", "projects: 1 × 502, 1 × 504 (3)", "4.0 s", "2.0 s", "3.0 s"),
        *("2 / 2 / 1", "1"),
    )
    assert made.failures == ("lost: project 5 ",)
    written = page([made])
    assert f"| {' | '.join(COLUMNS)} |\n| --- |" in written
    assert f"\n| {' | '.join(made.cells)} |\n" in written


def test_faults_are_selected_by_a_part_of_their_names() -> None:
    assert [fault.name for fault in choose(faults(), ["9 redis", "rolling"])] == [
        "kill -9 redis",
        "rolling restart of all services",
    ]
    assert [fault.name for fault in choose(stack_faults("true"), [])] == ["down, then up", ENGINE]
    assert [fault.name for fault in choose(stack_faults(""), [])] == ["down, then up"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"event": "request", "level": "info"}', ""),
        ('{"event": "dependency unavailable", "level": "error"}', ""),
        ('{"event": "failed", "level": "error", "exception": [{"exc_type": "KeyError"}]}', "failed: "),
        ("Traceback (most recent call last):", "Traceback"),
    ],
)
def test_exceptions_in_logs_are_found(line: str, problem: str) -> None:
    assert unexpected(line).startswith(problem)
    assert bool(unexpected(line)) == bool(problem)


def test_gateways_take_turns_and_one_that_refuses_connections_is_passed_over() -> None:
    async def call(urls: list[str]) -> list[str]:
        record = Record()
        async with connected(urls, record) as client:
            for _ in range(4):
                await client.health()
        return [call.outcome for call in record.calls]

    gone = f"http://127.0.0.1:{free_port()}"
    with late(0) as one, late(0) as other:
        assert asyncio.run(call([one.url, gone, other.url])) == ["200"] * 4
        assert (len(one.succeeded), len(other.succeeded)) in {(1, 3), (2, 2), (3, 1)}
    with pytest.raises(Refused, match="ConnectError"):
        asyncio.run(call([gone]))


def test_a_process_that_survives_its_kill_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    about = {"auth": {"Config": {"Image": "auth"}, "State": {"Pid": 1}}}
    monkeypatch.setattr("toolkit.stack.docker", lambda *_arguments: "")
    monkeypatch.setattr("toolkit.stack.END_SECONDS", 0.1)
    monkeypatch.setattr(Stack, "inspect", lambda _stack: about)
    with pytest.raises(StackFailedError, match="auth still runs"):
        Stack(ROOT, "x", 1).kill("auth")


def test_an_unknown_fault_is_reported_in_one_line() -> None:
    done = run(*(sys.executable, "-m", "toolkit.reliability", "earthquake"), cwd=ROOT)
    assert done.returncode == 1
    assert done.stdout.startswith("No fault has 'earthquake' in its name. The faults are: nothing, kill -9 postgres,")
    assert len(done.stdout.splitlines()) == 1


def test_a_missing_engine_is_reported_in_one_line() -> None:
    nowhere = "unix:///nowhere/docker.sock"
    done = run(*(sys.executable, "-m", "toolkit.reliability", "--stack"), cwd=ROOT, DOCKER_HOST=nowhere)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert done.stdout.startswith(("No Docker Engine answers: ", "docker is not installed: "))


@pytest.mark.containers
def test_the_session_injects_a_fault_and_nothing_is_lost(tmp_path: Path) -> None:
    try:
        private_mounts(tmp_path)
    except UserError as error:
        requirements.missing("disk", str(error))
    command = (sys.executable, "-m", "toolkit.reliability", "kill -9 both projects")
    done = run(*command, cwd=ROOT, SLIPWAY_SESSION=str(os.getpid()))
    assert done.returncode == 0, done.stdout
    assert re.search(r"kill -9 both\D+[\d.]+ s [\s\S]*projects: \d+ × 50[23]", done.stdout), done.stdout


RULE = """\
groups:
  - name: planted
    rules:
      - alert: Planted
        expr: sum by (job) (rate(errors_total{route!~"/health.*"}[5m])) > 2 and on (job) up == 1
        for: 2m
        labels:
          severity: page
        annotations:
          summary: "More than 2 and up == 1"
"""
RULE_TEST = """\
rule_files: [planted.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'errors_total{job="a",route="/"}', values: 0+RATEx20}
      - {series: 'errors_total{job="a",route="/health"}', values: 0+600x20}
      - {series: 'up{job="a"}', values: 1x20}
    alert_rule_test:
      - {eval_time: 2m, alertname: Planted}
      - eval_time: 10m
        alertname: Planted
        exp_alerts: [{exp_labels: {job: a, severity: page}, exp_annotations: {summary: More than 2 and up == 1}}]
"""


def test_a_rule_is_changed_in_its_thresholds_windows_comparisons_and_labels() -> None:
    found = {change.split(": ")[0].partition(", ")[2] for change, _ in mutants(RULE)}
    assert found == {
        *("threshold 2 -> 4", "threshold 2 -> 1", "threshold 1 -> 2", "threshold 1 -> 0.5", "window 5m -> 10m"),
        *("pending 2m -> 0s", "pending 2m -> 4m", "comparison > -> <", "comparison == -> !=", "condition and -> or"),
        *("matcher !~ -> =~", "grouping (job) -> ()", "severity page -> ticket"),
    }


def test_a_change_that_no_unit_test_finds_is_reported(tmp_path: Path) -> None:
    requirements.monitoring_tools()
    (tmp_path / "planted.yaml").write_text(RULE, encoding="utf-8")
    (tmp_path / "planted_test.yaml").write_text(RULE_TEST.replace("RATE", "150"), encoding="utf-8")
    number, found = survivors(tmp_path)
    assert number == 13
    kinds = {re.sub(r"planted.yaml, line \d+, (.+?): .*", r"\1", each) for each in found}
    # There are 2.5 errors a second all the time.
    assert kinds >= {"threshold 2 -> 1", "pending 2m -> 4m"}
    assert kinds.isdisjoint({"threshold 2 -> 4", "comparison > -> <", "severity page -> ticket"})
