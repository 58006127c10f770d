"""What the reliability run calls a failure, and that it finds writes that an application has lost."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support import ROOT, run
from toolkit.reliability.__main__ import choose, missing
from toolkit.reliability.client import Refused, connected
from toolkit.reliability.episode import Episode
from toolkit.reliability.faults import Fault, faults
from toolkit.reliability.page import COLUMNS, page, row
from toolkit.reliability.record import NO_ANSWER, Call, Record, Write

FAULT = Fault("kill -9 projects", frozenset({"projects"}), lambda _stack: None)
EPISODE = Episode(FAULT, started=0, begun=4, ended=5, answering=7, healthy=8, stopped=12, trouble=())


class Forgetful(BaseHTTPRequestHandler):
    """Acknowledges every write; forgets the new name of each third project, and every user but the first."""

    projects: dict[str, str]
    users: set[str]
    numbers: Iterator[int]

    def do_GET(self) -> None:
        items = [{"id": number, "name": name} for number, name in self.projects.items()]
        self.answer(200, {"items": items, "next": None})

    def do_PATCH(self) -> None:
        number, name = self.path.rpartition("/")[2], self.body()["name"]
        if int(number) % 3:
            self.projects[number] = name
        self.answer(200, {"id": number, "name": name})

    def do_POST(self) -> None:
        body = self.body()
        match self.path.rpartition("/")[2]:
            case "projects":
                number = str(next(self.numbers))
                self.projects[number] = body["name"]
                self.answer(201, {"id": number})
            case "register":
                if not self.users:
                    self.users.add(body["email"])
                self.answer(201, {})
            case _:
                self.answer(200 if body["email"] in self.users else 401, {"access_token": "token"})

    def body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, status: int, body: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


@contextmanager
def forgetful() -> Iterator[str]:
    """Where such an application answers, which knows the first user only."""
    handler = type("Handler", (Forgetful,), {"projects": {}, "users": set(), "numbers": itertools.count(1)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


async def promised(url: str, record: Record) -> list[Write]:
    """What is missing after a user has worked, and another one has registered."""
    async with connected(url, record) as client:
        await client.join()
        for _ in range(4):
            await client.work()
        await client.register()
        return await missing(client, record.writes)


def test_writes_that_were_acknowledged_and_are_gone_are_found() -> None:
    record = Record()
    with forgetful() as url:
        lost = asyncio.run(promised(url, record))
    assert [write.what for write in record.writes].count("name") == 4
    assert [(write.what, write.value) for write in lost] == [("name", "renamed 2"), ("user", "")]


def test_what_fails_is_recorded_and_acknowledges_nothing() -> None:
    async def work(url: str) -> None:
        async with connected(url, record) as client:
            await client.work()

    record = Record()
    with pytest.raises(Refused, match="POST /api/projects: ConnectError"):
        asyncio.run(work("http://127.0.0.1:9"))
    assert [(call.kind, call.outcome) for call in record.calls] == [("projects", NO_ANSWER)]
    assert record.writes == []


@pytest.mark.parametrize(
    ("kind", "moment", "outcome", "said"),
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
def test_only_calls_that_need_what_is_faulty_may_fail_and_only_until_the_recovery(
    kind: str, moment: float, outcome: str, said: list[str]
) -> None:
    assert EPISODE.verdict(Record([Call(kind, moment, moment + 1, outcome)])) == said


def test_a_gateway_that_is_gone_excuses_that_there_is_no_answer() -> None:
    gone = Fault("kill -9 gateway", frozenset({"gateway"}), lambda _stack: None)
    episode = Episode(gone, 0, 4, 5, 7, 8, 12, ("not healthy by itself in 60 s",))
    assert episode.verdict(Record([Call("who am I", 5, 6, NO_ANSWER)])) == ["not healthy by itself in 60 s"]


def test_a_row_counts_writes_by_the_moment_of_their_acknowledgement() -> None:
    writes = [Write("project", str(at), "", at) for at in (1, 2, 5, 7.5, 9, 20)]
    made = row(EPISODE, Record([Call("projects", 5, 6, "502")], writes), [writes[2], writes[5]])
    assert made.cells == ("kill -9 projects", "2 / 2 / 1", "1", "projects: 1 × 502 (of 1)", "2.0 s", "3.0 s")
    assert made.verdict == ("lost: project 5 ",)
    written = page([made], "26.1", rate=10, bound=60)
    assert f"| {' | '.join(COLUMNS)} |\n| --- |" in written
    assert f"\n| {' | '.join(made.cells)} |\n" in written


def test_faults_are_chosen_by_a_part_of_their_names() -> None:
    assert [fault.name for fault in choose(faults(""), ["9 redis", "down"])] == ["kill -9 redis", "down, then up"]
    assert "restart the engine" in [fault.name for fault in choose(faults("true"), [])]
    assert "restart the engine" not in [fault.name for fault in choose(faults(""), [])]


def test_a_fault_that_is_unknown_is_said_in_one_line() -> None:
    done = run(*(sys.executable, "-m", "toolkit.reliability", "earthquake"), cwd=ROOT)
    assert done.returncode == 1
    assert done.stdout.startswith("No fault has 'earthquake' in its name. There are: nothing, kill -9 postgres,")
    assert len(done.stdout.splitlines()) == 1


def test_without_an_engine_one_line_says_so() -> None:
    nowhere = "unix:///nowhere/docker.sock"
    done = run(*(sys.executable, "-m", "toolkit.reliability", "nothing"), cwd=ROOT, DOCKER_HOST=nowhere)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert done.stdout.startswith(("No Docker Engine answers: ", "docker is not installed: "))
