"""`stack`: up, down, status, logs and restart on a real engine, and what it says of services that fail."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.compose import health
from tasks.compose.containers import SERVICE, Container
from tasks.compose.plan import Service
from tests.support import run
from tests.tasks.requirements import terminal
from tests.tasks.small_project import get
from tests.tasks.small_stack import SmallStack, small_stack

SLEEP = ("python:3.13-slim-trixie", "sleep", "60")
NEVER_READY = {"STORE_PROBE": "not yet", "START_PERIOD": "600s"}
LOOK = "Look further: nox -s stack -- status, nox -s stack -- logs {}; end it all: nox -s stack -- down"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[SmallStack]:
    with small_stack(tmp_path) as small:
        yield small


def test_up_starts_everything_and_down_keeps_the_data(stack: SmallStack) -> None:
    code, said = stack.run("up")
    assert code == 0, said
    assert said.startswith("Wrote .env.local from .env.example, with fresh secrets.\n")
    assert re.search(r"^images +│ ready: built in [\d.]+ s$", said, re.MULTILINE)
    assert re.search(r"^store +│ ready: healthy in [\d.]+ s$", said, re.MULTILINE)
    assert re.search(r"^migrations +│ ready: done in [\d.]+ s$", said, re.MULTILINE)
    assert re.search(r"^gateway +│ ready: healthy in [\d.]+ s$", said, re.MULTILINE)
    assert f"  gateway   http://127.0.0.1:{stack.port}\n" in said
    assert "import os" in get(f"http://127.0.0.1:{stack.port}/probe.py")
    assert stack.run("status")[0] == 0
    code, said = stack.run("down")
    assert code == 0
    assert said.endswith(f"Everything has ended; the data stays for the next `up`: {stack.name}_kept.\n")
    assert stack.containers() == {}
    assert stack.volumes() == [f"{stack.name}_kept"]


def test_up_again_leaves_what_runs_as_it_is(stack: SmallStack) -> None:
    assert stack.run("up")[0] == 0
    before = stack.docker("compose", "ps", "--quiet", "gateway")
    code, said = stack.run("up")
    assert code == 0, said
    assert re.search(r"^gateway +│ ready: healthy$", said, re.MULTILINE)
    assert stack.docker("compose", "ps", "--quiet", "gateway") == before


def test_a_commit_that_changes_no_image_replaces_nothing(stack: SmallStack) -> None:
    with (stack.folder / "Dockerfile").open("a") as dockerfile:
        dockerfile.write("ARG REVISION\nLABEL revision=$REVISION\n")
    commit = ("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--allow-empty", "-m", "x")
    assert run("git", "init", "--quiet", cwd=stack.folder).returncode == 0
    assert run(*commit, cwd=stack.folder).returncode == 0
    assert stack.run("up")[0] == 0
    before = stack.docker("compose", "ps", "--quiet")
    assert run(*commit, cwd=stack.folder).returncode == 0
    assert stack.run("up")[0] == 0
    assert stack.docker("compose", "ps", "--quiet") == before
    stack.docker("compose", "up", "--build", "--detach")
    assert stack.docker("compose", "ps", "--quiet") == before


@pytest.mark.parametrize(("past", "state"), [({"one": 2}, "starting"), ({}, "failed")])
def test_crashes_long_ago_do_not_count_at_a_fresh_start(past: dict[str, int], state: str) -> None:
    now = datetime.now(UTC)
    status = {"Status": "running", "StartedAt": now.isoformat(), "Health": {"Status": "starting"}, "ExitCode": 0}
    container = Container({"Id": "one", "Config": {"Labels": {SERVICE: "gateway"}}, "State": status, "RestartCount": 2})
    service = Service("gateway", "image", is_task=False, ports=(), build=None, secrets=())
    assert health.judge(service, [container], now, past=past).state == state


@pytest.mark.parametrize(("state", "healthy", "known"), [("running", "starting", {"one": 2}), ("restarting", "", {})])
def test_only_what_runs_has_its_crashes_behind_it(state: str, healthy: str, known: dict[str, int]) -> None:
    about = {"Id": "one", "State": {"Status": state, "Health": {"Status": healthy}}, "RestartCount": 2}
    assert health.past_restarts([Container(about)]) == known


def test_volumes_are_deleted_only_on_purpose(stack: SmallStack) -> None:
    assert stack.run("up")[0] == 0
    code, said = stack.run("down", "--volumes")
    assert code == 1
    assert f"{stack.name}_kept. To have that: nox -s stack -- down --volumes --yes" in said
    assert stack.containers()["gateway"] == "running"
    code, said = stack.run("down", "--volumes", "--yes")
    assert code == 0, said
    assert "is deleted too" in said
    assert stack.volumes() == []


@pytest.mark.parametrize(("answer", "is_kept"), [(b"yes\n", False), (b"y\n", True), (b"\x04", True)])
def test_on_a_terminal_down_asks_before_it_deletes_volumes(stack: SmallStack, answer: bytes, is_kept: bool) -> None:
    ours, theirs = terminal()
    stack.docker("compose", "create")
    process = stack.start("down", "--volumes", stdin=theirs)
    os.write(ours, answer)
    said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert f"Their data would be lost: {stack.name}_kept. Type yes to have that: " in said
    assert ("Nothing has changed." in said) is is_kept
    assert bool(stack.volumes()) is is_kept
    assert bool(stack.containers()) is is_kept


def test_a_service_that_gets_unhealthy_is_told_with_its_check_and_log(stack: SmallStack) -> None:
    code, said = stack.run("up", GATEWAY_PROBE="no answer")
    assert code == 1
    assert "gateway's health check said last (exit code 1):\ngateway    │ database: no answer\n" in said
    assert re.search(r"gateway's log ends with:\ngateway +│ [\d:.]+ INFO +starting\n", said)
    assert "gateway is unhealthy. The other services stay as they are.\n" + LOOK.format("gateway") in said
    assert stack.containers() == {"store": "running", "migrations": "exited", "gateway": "running"}
    code, said = stack.run("status")
    assert code == 1
    assert "Not ready: gateway; see nox -s stack -- logs gateway" in said
    code, said = stack.run("up")
    assert code == 0, said


def test_an_unhealthy_service_on_which_others_wait_is_the_one_that_is_told(stack: SmallStack) -> None:
    code, said = stack.run("up", STORE_PROBE="no answer")
    assert code == 1
    assert "store is unhealthy." in said
    assert "database: no answer" in said
    assert stack.containers()["store"] == "running"


def test_a_service_that_got_unhealthy_since_is_told_by_the_next_up(stack: SmallStack) -> None:
    assert stack.run("up")[0] == 0
    stack.docker("compose", "exec", "--user=0", "store", "sh", "-c", "echo 'raise SystemExit(1)' > probe.py")
    while "(unhealthy)" not in stack.docker("compose", "ps", "store"):
        time.sleep(0.2)
    code, said = stack.run("up")
    assert code == 1
    assert "store is unhealthy. The other services stay as they are." in said
    assert "store's log ends with:" in said


def test_a_service_that_crashes_again_and_again_is_told(stack: SmallStack) -> None:
    code, said = stack.run("up", GATEWAY_EXIT="3")
    assert code == 1
    assert re.search(r"^gateway exited with code 3, and again after \d+ restarts\.", said, re.MULTILINE)
    assert re.search(r"gateway +│ [\d:.]+ ERROR +cannot start reason=a setting is wrong", said)


@pytest.mark.parametrize("policy", ["unless-stopped", "no"])
def test_a_service_without_a_health_check_that_ends_after_a_moment_is_told(stack: SmallStack, policy: str) -> None:
    part = stack.folder / "src" / "worker"
    part.mkdir(parents=True)
    command = "import time; print('at work'); time.sleep(0.7); raise SystemExit(5)"
    (part / "compose.yaml").write_text(
        f"services:\n  worker:\n    image: {SLEEP[0]}\n"
        f"    restart: '{policy}'\n    command: [python3, -c, {command!r}]\n"
    )
    code, said = stack.run("up")
    assert code == 1
    assert "worker exited with code 5" in said
    assert re.search(r"^worker +│ at work$", said, re.MULTILINE)


def test_a_service_without_a_health_check_that_runs_is_ready(stack: SmallStack) -> None:
    part = stack.folder / "src" / "worker"
    part.mkdir(parents=True)
    (part / "compose.yaml").write_text(
        f"services:\n  worker:\n    image: {SLEEP[0]}\n    command: [sleep, '600']\n    stop_grace_period: 0s\n"
    )
    code, said = stack.run("up")
    assert code == 0
    assert re.search(r"^worker +│ ready: running in \d+\.\d s$", said, re.MULTILINE)
    assert stack.run("status")[0] == 0


def test_a_service_that_ends_is_told(stack: SmallStack) -> None:
    code, said = stack.run("up", STORE_EXIT="4")
    assert code == 1
    assert "store exited with code 4. The other services stay as they are.\n" in said
    assert "cannot start reason=a setting is wrong" in said


def test_a_service_that_never_gets_ready_is_told(stack: SmallStack) -> None:
    began = time.monotonic()
    code, said = stack.run("up", "--timeout", "2", STORE_PROBE="not yet", START_PERIOD="600s")
    assert code == 1
    assert time.monotonic() - began < 300
    assert "store is not ready after 2 s: health check has not passed yet." in said
    assert "database: not yet" in said


def test_ctrl_c_leaves_what_runs_and_up_finishes_the_start(stack: SmallStack) -> None:
    process = stack.start("up", settings=NEVER_READY)
    said = stack.interrupt_at("store      │ starting", process)
    assert process.returncode == 130, said
    assert "Interrupted. What runs goes on running: store.\nFinish the start: nox -s stack -- up;" in said
    assert "Traceback" not in said
    assert stack.containers()["store"] == "running"
    assert stack.run("up")[0] == 0


def test_ctrl_c_while_images_are_built_starts_nothing(stack: SmallStack) -> None:
    process = stack.start("up", settings={"STEP": "sleep 600"})
    said = stack.interrupt_at("images     │ starting", process)
    assert process.returncode == 130, said
    assert "What runs goes on running: nothing." in said
    assert stack.containers() == {}


def test_a_build_that_fails_is_told_with_its_last_lines(stack: SmallStack) -> None:
    code, said = stack.run("up", STEP="ls /no/such/folder")
    assert code == 1
    assert "images     │ failed: not built\n" in said
    assert re.search(r"images +│ .*ls: cannot access '/no/such/folder'", said)
    assert "The images were not built; what runs stays as it was.\n" in said
    assert stack.containers() == {}


def test_a_disk_without_room_is_told(stack: SmallStack) -> None:
    dockerfile = stack.folder / "Dockerfile"
    full = "RUN --mount=type=tmpfs,target=/small,size=1m head -c 9m /dev/zero > /small/file"
    dockerfile.write_text(dockerfile.read_text().replace("RUN $STEP", full))
    code, said = stack.run("up")
    assert code == 1
    assert "No space left on device" in said
    assert "docker builder prune" in said


def test_an_image_that_cannot_be_had_is_told(stack: SmallStack) -> None:
    compose = stack.folder / "compose.yaml"
    compose.write_text(compose.read_text().replace('    build: {context: ., args: {STEP: "${STEP:-true}"}}\n', ""))
    code, said = stack.run("up", IMAGE="127.0.0.1:9/none:1")
    assert code == 1
    assert "REGISTRY in .env.local names a mirror" in said


def test_a_port_that_is_taken_is_told_before_anything_is_built(stack: SmallStack) -> None:
    with socket.create_server(("127.0.0.1", stack.port)):
        code, said = stack.run("up")
    assert code == 1
    assert f"Port {stack.port}, at which gateway is to be reached, is taken by another program.\n" in said
    assert "set GATEWAY_PORT to another one in .env.local" in said
    assert "building" not in said


def test_a_port_that_only_the_engine_finds_taken_is_told(stack: SmallStack) -> None:
    compose = stack.folder / "compose.yaml"
    compose.write_text(compose.read_text().replace('"127.0.0.1:$', '"127.0.0.2:$'))
    with socket.create_server(("127.0.0.2", stack.port)):
        code, said = stack.run("up")
    assert code == 1
    assert "built in" in said
    assert f"Port {stack.port}, at which gateway is to be reached, is taken by another program.\n" in said
    assert "set GATEWAY_PORT to another one in .env.local" in said
    assert stack.containers()["store"] == "running"


def test_a_port_that_another_container_has_is_told_with_its_name(stack: SmallStack) -> None:
    name = f"{stack.name}-other"
    stack.docker("run", "--detach", "--rm", "--name", name, "--publish", f"127.0.0.1:{stack.port}:1", *SLEEP)
    try:
        assert f"is taken by the container {name}.\n" in stack.run("up")[1]
    finally:
        stack.docker("kill", name)


def test_status_says_what_does_not_run(stack: SmallStack) -> None:
    code, said = stack.run("status")
    assert code == 1
    assert "Nothing of it runs; start it: nox -s stack -- up" in said
    assert stack.run("up")[0] == 0
    stack.docker("compose", "rm", "--stop", "--force", "gateway")
    code, said = stack.run("status")
    assert code == 1
    assert re.search(r"^gateway +not created +", said, re.MULTILINE)
    assert re.search(r"^migrations +exited \(0\) +", said, re.MULTILINE)
    assert re.search(rf"^store +running +healthy +0m \d+s +{stack.name}-small +0 *$", said, re.MULTILINE)


def test_logs_are_readable_and_can_be_followed(stack: SmallStack) -> None:
    assert stack.run("up")[0] == 0
    code, said = stack.run("logs", "gateway", "--tail", "100")
    assert code == 0
    assert re.search(r"^gateway │ [\d:.]+ INFO +starting$", said, re.MULTILINE)
    assert "store" not in said
    assert "\x1b" not in said
    process = stack.start("logs", "--follow")
    said = stack.interrupt_at("migrations │ migrated\n", process)
    assert process.returncode == 0, said
    assert "cancel" not in said


def test_restart_waits_until_the_service_is_ready_again(stack: SmallStack) -> None:
    assert "Not there to restart: gateway; start everything: nox -s stack -- up" in stack.run("restart", "gateway")[1]
    assert stack.run("up")[0] == 0
    code, said = stack.run("restart", "gateway")
    assert code == 0
    assert re.search(r"^gateway │ ready: healthy in [\d.]+ s$", said, re.MULTILINE)
    assert "store" not in said


@pytest.mark.parametrize("command", ["logs", "restart"])
def test_an_unknown_service_is_told_with_the_known_ones(stack: SmallStack, command: str) -> None:
    code, said = stack.run(command, "gatewya")
    assert code == 1
    assert said == "There is no service gatewya. The services are: store, migrations, gateway.\n"


def test_a_part_s_own_file_is_used_as_soon_as_it_exists(stack: SmallStack) -> None:
    part = stack.folder / "src" / "frontend"
    part.mkdir(parents=True)
    (part / "compose.yaml").write_text(
        "services:\n  frontend:\n    image: python:3.13-slim-trixie\n    command: [sleep, '60']\n"
    )
    assert "The services are: frontend, store, migrations, gateway." in stack.run("logs", "nope")[1]


def test_on_a_terminal_the_lines_move(stack: SmallStack) -> None:
    ours, theirs = terminal()
    process = stack.start("up", stdout=theirs, settings={"TERM": "xterm"})
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 4096):
            said += chunk
    except OSError:
        pass
    assert process.wait(60) == 0
    assert b"\x1b[" in said
    assert "✓ store      healthy in ".encode() in re.sub(rb"\x1b\[[\d;]*m", b"", said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_as_ctrl_c_does(stack: SmallStack, number: signal.Signals) -> None:
    process = stack.start("up", settings=NEVER_READY)
    for line in process.stdout or ():
        if "store      │ starting" in line:
            process.send_signal(number)
            break
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted." in said
