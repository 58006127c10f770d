"""`stack -- watch` on a real engine: whose containers a change replaces, and what a change that is none does."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Timer

import pytest
from watchfiles import DefaultFilter

from tasks.compose.plan import Service
from tasks.compose.watch import concerned
from tasks.core.errors import UserError
from tasks.core.watching import Changes
from tests.tasks.small_stack import SmallStack, small_stack

TIMEOUT_SECONDS = 120.0
WATCHING = "Watching the code of alpha, beta; Ctrl-C ends only that"
GOES_ON = "Watching goes on: the next change is another try"
UNHEALTHY = "import sys\nsys.exit('database: gone')\n"
LEFT_OVER = re.compile(r"^[0-9a-f]{12}_")
PART = """\
services:
  alpha: &service
    build: &build {context: ., dockerfile: watched.Dockerfile, args: {NAME: alpha}}
    command: [python3, -u, serve.py]
    environment: {EXIT: ""}
    stop_grace_period: 1s
    healthcheck: {test: [CMD, python3, own/probe.py], interval: 500ms, timeout: 2s, retries: 2, start_period: 1s}
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
    "src/watched/compose.yaml": PART,
}


class Watching:
    """A stack of which two services are watched, and the session that watches them."""

    def __init__(self, stack: SmallStack) -> None:
        self.stack = stack
        for name, text in FILES.items():
            self.change(name, text)
        self.process = stack.start("watch")
        # A session that says nothing any more would be waited for without end.
        self._end = Timer(TIMEOUT_SECONDS, self.process.kill)
        self._end.start()

    def change(self, name: str, text: str) -> None:
        path = self.stack.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def until(self, text: str) -> str:
        """What it says from now on up to the line with this text."""
        said = ""
        for line in self.process.stdout or ():
            said += line
            if text in line:
                return said
        pytest.fail(f"it ended without {text!r}:\n{said}")

    def until_ready(self, *names: str) -> str:
        """What it says while these services are built and replaced, and become ready."""
        said = self.until(f"Code changed: building {', '.join(names)}\n")
        waited = set(names)
        while waited:
            said += (line := self.until("│ "))
            waited -= {name for name in waited if re.search(rf"^{name} +│ ready: healthy", line, re.MULTILINE)}
        return said

    def interrupt(self) -> str:
        """Press Ctrl-C; what it says then."""
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=TIMEOUT_SECONDS)
        return said

    def ids(self) -> dict[str, str]:
        """Each service's container."""
        return {name: identity for name, identity, _ in self._containers()}

    def left_over(self) -> list[str]:
        """Containers that Compose gave another name while it replaced them."""
        return [name for _, _, name in self._containers() if LEFT_OVER.search(name)]

    def _containers(self) -> list[list[str]]:
        form = '{{.Label "com.docker.compose.service"}} {{.ID}} {{.Names}}'
        mine = f"label=com.docker.compose.project={self.stack.name}"
        return [line.split() for line in self.stack.docker("ps", "-a", "--filter", mine, "--format", form).splitlines()]

    def close(self) -> None:
        self._end.cancel()
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[SmallStack]:
    with small_stack(tmp_path) as small:
        yield small


@pytest.fixture
def watching(stack: SmallStack) -> Iterator[Watching]:
    session = Watching(stack)
    try:
        session.until(WATCHING)
        yield session
    finally:
        session.close()


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """The services that have another container now."""
    assert set(before) == set(after)
    return {name for name in after if before[name] != after[name]}


def test_a_change_replaces_the_services_whose_images_are_made_of_it_and_no_other(watching: Watching) -> None:
    first = watching.ids()
    watching.change("src/alpha/code.py", "print('new')\n")
    watching.until_ready("alpha")
    second = watching.ids()
    assert changed(first, second) == {"alpha"}
    watching.change("src/shared/code.py", "print('new')\n")
    watching.change("src/beta/code.py", "print('new')\n")
    watching.until_ready("alpha", "beta")
    assert changed(second, watching.ids()) == {"alpha", "beta"}
    assert watching.left_over() == []
    said = watching.interrupt()
    assert watching.process.returncode == 130
    assert said == (
        "Watching has ended. What runs goes on running: alpha, beta, gateway, store.\n"
        "End it all: nox -s stack -- down\n"
    )
    third = watching.ids()
    assert watching.stack.run("up")[0] == 0
    assert changed(third, watching.ids()) == set()


def test_what_a_failed_build_left_behind_is_made_up_for_by_the_next_change(watching: Watching) -> None:
    before = watching.ids()
    watching.change("src/shared/code.py", "print('good')\n")
    watching.change("src/alpha/code.py", "this is no Python\n")
    said = watching.until(GOES_ON)
    assert "images │ failed: not built\n" in said
    assert re.search(r"images │ .*SyntaxError", said)
    assert "The images were not built; what runs stays as it was.\n" in said
    assert changed(before, watching.ids()) == set()
    watching.change("src/alpha/code.py", "print('good')\n")
    watching.until_ready("alpha", "beta")
    assert changed(before, watching.ids()) == {"alpha", "beta"}


def test_a_service_that_gets_unhealthy_is_told_and_the_next_change_mends_it(watching: Watching) -> None:
    watching.change("src/alpha/probe.py", UNHEALTHY)
    said = watching.until(GOES_ON)
    assert "alpha's health check said last (exit code 1):\nalpha  │ database: gone\n" in said
    assert "alpha is unhealthy. The other services stay as they are.\n" in said
    watching.change("src/alpha/probe.py", "")
    watching.until_ready("alpha")
    assert watching.stack.containers()["alpha"] == "running"
    assert watching.left_over() == []


def test_ctrl_c_during_a_build_ends_both(watching: Watching) -> None:
    before = watching.ids()
    watching.change("src/beta/code.py", "import time\ntime.sleep(600)\n")
    watching.until("images │ starting")
    said = watching.interrupt()
    assert watching.process.returncode == 130
    assert "Interrupted. What runs goes on running: alpha, beta, gateway, store.\n" in said
    assert "Traceback" not in said
    assert changed(before, watching.ids()) == set()


def test_a_change_while_everything_starts_is_not_missed(stack: SmallStack) -> None:
    session = Watching(stack)
    try:
        session.until("images     │ ready")
        session.change("src/beta/code.py", "print('new')\n")
        session.until(WATCHING)
        session.until_ready("beta")
    finally:
        session.close()


def test_without_anything_to_watch_nothing_is_started(stack: SmallStack) -> None:
    code, said = stack.run("watch")
    assert code == 1
    assert said.endswith("There is nothing to watch: in compose.yaml, no service has develop.watch.\n")
    assert stack.containers() == {}


def test_a_start_that_fails_is_not_watched(stack: SmallStack) -> None:
    for name, text in {**FILES, "src/beta/code.py": "this is no Python\n"}.items():
        (stack.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (stack.folder / name).write_text(text)
    code, said = stack.run("watch")
    assert code == 1
    assert "The images were not built; what runs stays as it was.\n" in said
    assert "Watching" not in said


def services(folder: Path, **watched: list[str]) -> list[Service]:
    """Services that watch these paths of the folder."""
    return [
        Service(name, name, False, (), None, (), tuple(folder / path for path in paths))
        for name, paths in watched.items()
    ]


def test_a_path_concerns_those_that_watch_it_or_a_folder_that_it_is_in(tmp_path: Path) -> None:
    both = services(tmp_path, one=["src/one", "lock.txt"], two=["src/two", "src/shared", "lock.txt"])
    assert concerned(both, [tmp_path / "src/one/deep/file.py"]) == ["one"]
    assert concerned(both, [tmp_path / "src/one/a.py", tmp_path / "src/shared/b.py"]) == ["one", "two"]
    assert concerned(both, [tmp_path / "lock.txt"]) == ["one", "two"]
    assert concerned(both, [tmp_path / "src/onerous/a.py", tmp_path / "other.txt"]) == []


def test_a_file_that_is_replaced_again_and_again_is_seen_each_time_and_its_neighbours_are_not(tmp_path: Path) -> None:
    async def follow() -> list[set[str]]:
        changes = Changes([tmp_path / "lock.txt"], partial(concerned, watched), DefaultFilter())
        watch = asyncio.create_task(changes.watch())
        found = []
        for _ in range(2):
            await asyncio.sleep(0.2)
            (tmp_path / "other.txt").write_text("new")
            (tmp_path / "new.txt").write_text("new")
            (tmp_path / "new.txt").replace(tmp_path / "lock.txt")
            found.append(await asyncio.wait_for(changes.gathered(0.3), 10))
        (tmp_path / "other.txt").write_text("newer")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(changes.next(), 1)
        watch.cancel()
        return found

    (tmp_path / "lock.txt").touch()
    watched = services(tmp_path, one=["lock.txt"], two=["other"])
    assert asyncio.run(follow()) == [{"one"}, {"one"}]


def test_changes_that_cannot_be_seen_are_told_with_what_may_help(tmp_path: Path) -> None:
    async def follow() -> None:
        changes = Changes([tmp_path / "gone" / "file"], partial(concerned, []), DefaultFilter())
        await changes.watch()
        await changes.next()

    with pytest.raises(UserError, match=r"^Code changes are not seen \(.*WATCHFILES_FORCE_POLLING=true may help"):
        asyncio.run(follow())
