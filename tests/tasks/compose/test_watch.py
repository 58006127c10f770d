"""`stack -- watch` on a real engine: which containers a change replaces."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from threading import Timer

import pytest

from tests.tasks.small_stack import SmallStack, small_stack

pytestmark = pytest.mark.containers
TIMEOUT_SECONDS = 120.0
WATCHING = "Watching the code. Ctrl-C stops the watching, not the services.\n"
COMPOSE = """\
services:
  other: {image: 'python:3.13-slim-trixie', command: [sleep, "600"], stop_grace_period: 0s}
  alpha: &service
    build: &build {context: ., dockerfile: watched.Dockerfile, args: {NAME: alpha}}
    command: [python3, -u, serve.py]
    environment: {EXIT: ""}
    stop_grace_period: 1s
    healthcheck: {test: [CMD, python3, own/probe.py], start_period: 5s, start_interval: 200ms}
    develop: {watch: [{path: src/alpha, action: rebuild}, {path: src/shared, action: rebuild}]}
  beta:
    <<: *service
    build: {<<: *build, args: {NAME: beta}}
    depends_on: {alpha: {condition: service_healthy}}
    develop: {watch: [{path: src/beta, action: rebuild}, {path: src/shared, action: rebuild}]}
"""
FILES = {
    "watched.Dockerfile": """\
FROM python:3.13-slim-trixie
WORKDIR /app
COPY serve.py ./
COPY src/shared ./shared
ARG NAME
COPY src/${NAME} ./own
RUN python3 own/code.py && python3 shared/code.py
""",
    "src/alpha/code.py": "",
    "src/alpha/probe.py": "",
    "src/beta/code.py": "",
    "src/beta/probe.py": "",
    "src/shared/code.py": "",
    "compose.yaml": COMPOSE,
}


class Watching:
    """A stack with two watched services, and the session that watches them."""

    def __init__(self, stack: SmallStack) -> None:
        self.stack = stack
        self.process = stack.start("watch")
        self._timeout = Timer(TIMEOUT_SECONDS, self.process.kill)
        self._timeout.start()

    def change(self, name: str, text: str) -> None:
        self.stack.write({name: text})

    def until(self, text: str) -> str:
        """The output from now on up to the line with this text."""
        output = ""
        for line in self.process.stdout or ():
            output += line
            if text in line:
                return output
        pytest.fail(f"it ended without {text!r}:\n{output}")

    def interrupt(self) -> str:
        """Press Ctrl-C; returns the output after that."""
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=TIMEOUT_SECONDS)
        return output

    def replaced(self, before: dict[str, str], *services: str) -> dict[str, str]:
        """Wait until these services have new containers, and no other has; returns all containers."""
        while {*services} - {name for name, now in self.stack.containers("ID").items() if now != before.get(name)}:
            assert self.process.poll() is None
        after = self.stack.containers("ID")
        assert {name for name in after if after[name] != before[name]} == {*services}
        return after

    def close(self) -> None:
        self._timeout.cancel()
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    with small_stack(tmp_path_factory.mktemp("stack")) as small:
        small.write(FILES)
        yield small


@pytest.fixture
def watching(stack: SmallStack) -> Iterator[Watching]:
    session = Watching(stack)
    try:
        session.until(WATCHING)
        session.until("Watch enabled")
        yield session
    finally:
        session.close()


def test_a_change_replaces_exactly_the_services_whose_images_contain_it(watching: Watching) -> None:
    first = watching.stack.containers("ID")
    watching.change("src/alpha/code.py", "print('new')\n")
    watching.until('"alpha"] successfully built')
    second = watching.replaced(first, "alpha")
    watching.change("src/alpha/code.py", "this is no Python\n")
    output = watching.until("failed to solve")
    assert "SyntaxError" in output
    assert watching.stack.containers("ID") == second
    watching.change("src/alpha/code.py", "print('newer')\n")
    watching.until("successfully built")
    third = watching.replaced(second, "alpha")
    watching.change("src/shared/code.py", "print('new')\n")
    watching.until("successfully built")
    fourth = watching.replaced(third, "alpha", "beta")
    output = watching.interrupt()
    assert watching.process.returncode == 130
    assert output.endswith("Interrupted. Running containers keep running. Stop everything: nox -s stack -- down\n")
    assert "Traceback" not in output
    watching.stack.up()
    watching.replaced(fourth)


def test_nothing_is_started_without_anything_to_watch(stack: SmallStack) -> None:
    stack.write({"compose.yaml": "services: {other: {image: 'python:3.13-slim-trixie'}}\n"})
    code, output = stack.run("watch")
    assert code == 1
    assert output.endswith("Nothing to watch: no service in compose.yaml has develop.watch.\n")
    assert stack.containers() == {}


def test_a_failed_start_is_not_watched(stack: SmallStack) -> None:
    stack.write({"src/beta/code.py": "this is no Python\n"})
    code, output = stack.run("watch")
    assert code == 1
    assert output.endswith("docker compose build failed; its error is above.\n")
    assert "Watching" not in output
