"""`stack -- up`, `status`, `logs`, `restart` and `down` on a real engine; the tests share one stack."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import commit, run
from tests.tasks.requirements import terminal
from tests.tasks.small_project import get
from tests.tasks.small_stack import SmallStack, small_stack

pytestmark = pytest.mark.containers
NEVER_READY = {"STORE_PROBE": "not yet", "START_PERIOD": "600s"}
FAILURES = {
    "unhealthy": (
        {"GATEWAY_PROBE": "no answer"},
        (
            r"Last health check of gateway \(exit code 1\):\ngateway │ database: no answer\n"
            r"End of the log of gateway:\ngateway │ [\d:.]+ INFO +starting\n(.+\n)*"
            r"gateway is unhealthy\. The other services are unchanged\.\n"
            r"See: nox -s stack -- status, nox -s stack -- logs gateway\. Stop everything: nox -s stack -- down\n"
        ),
    ),
    "unhealthy dependency": (
        {"STORE_PROBE": "no answer"},
        r"store │ database: no answer\n(.+\n)*store is unhealthy\.",
    ),
    "crash loop": (
        {"GATEWAY_EXIT": "3"},
        r"a setting is wrong\n(.+\n)*gateway (exited with code 3|is not ready: .+) \(restarts: \d+\)\.",
    ),
    "exited": (
        {"STORE_EXIT": "4"},
        r"cannot start reason=a setting is wrong\n(.+\n)*store exited with code 4\.",
    ),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    with small_stack(tmp_path_factory.mktemp("stack")) as small:
        yield small


@pytest.fixture
def running(stack: SmallStack) -> SmallStack:
    """The stack with all services ready."""
    states = stack.containers("Status")
    if [name for name, state in states.items() if "(healthy)" in state] != ["gateway", "store"]:
        stack.up()
    return stack


def test_up_starts_everything_and_prints_urls(stack: SmallStack) -> None:
    output = stack.up()
    assert output.startswith("Wrote .env.local from .env.example, with fresh secrets.\n")
    assert re.search(rf"Container {stack.name}-gateway-1 +Healthy\n", output)
    assert re.search(r"^Everything is ready after [\d.]+ s\.$", output, re.MULTILINE)
    assert f"  gateway   http://127.0.0.1:{stack.port}\n" in output
    assert "import os" in get(f"http://127.0.0.1:{stack.port}/probe.py")
    assert stack.containers() == {"store": "running", "migrations": "exited", "gateway": "running"}


def test_up_replaces_nothing_after_a_commit_without_changes(running: SmallStack) -> None:
    run("git", "init", "--quiet", cwd=running.folder)
    commit(running.folder)
    running.up()
    before = running.containers("ID")
    (running.folder / "README.md").touch()
    commit(running.folder)
    running.up()
    assert running.containers("ID") == before
    running.docker("compose", "up", "--build", "--detach")
    assert running.containers("ID") == before


@pytest.mark.parametrize("name", FAILURES)
def test_up_reports_the_failed_service_with_its_health_check_and_log(stack: SmallStack, name: str) -> None:
    settings, expected = FAILURES[name]
    code, output = stack.run("up", **settings)
    assert code == 1
    assert re.search(expected, output), output


def test_up_reports_a_service_that_is_not_ready_in_time(stack: SmallStack) -> None:
    began = time.monotonic()
    code, output = stack.run("up", "--timeout", "2", **NEVER_READY)
    assert code == 1
    assert time.monotonic() - began < 60
    assert "store is not ready: its health check has not passed yet." in output
    assert "store │ database: not yet\n" in output


def test_up_reports_a_running_service_that_became_unhealthy(running: SmallStack) -> None:
    running.docker("compose", "exec", "--user=0", "store", "sh", "-c", "echo 'raise SystemExit(1)' > probe.py")
    while "(unhealthy)" not in running.containers("Status")["store"]:
        time.sleep(0.1)
    code, output = running.run("up")
    assert code == 1
    assert "End of the log of store:\n" in output
    assert "store is unhealthy. The other services are unchanged." in output
    code, output = running.run("status")
    assert code == 1
    assert "Not ready: store is unhealthy.\nSee: nox -s stack -- logs store\n" in output
    running.clean()


def test_a_failed_build_leaves_containers_unchanged(running: SmallStack) -> None:
    before = running.containers("ID")
    code, output = running.run("up", STEP="ls /no/such/folder")
    assert code == 1
    assert "ls: cannot access '/no/such/folder'" in output
    assert output.endswith("docker compose build failed; its error is above.\n")
    assert running.containers("ID") == before


def test_status_lists_containers_and_services_without_one(running: SmallStack) -> None:
    code, output = running.run("status")
    assert code == 0
    assert re.search(rf"^{running.name}-store-1 .* Up .*\(healthy\)", output, re.MULTILINE)
    assert re.search(rf"^{running.name}-migrations-1 .* Exited \(0\) ", output, re.MULTILINE)
    running.docker("compose", "rm", "--stop", "--force", "gateway")
    code, output = running.run("status")
    assert code == 1
    assert "Not ready: gateway is not created." in output


def test_restart_waits_until_the_service_is_ready(running: SmallStack) -> None:
    before = running.docker("inspect", "--format={{.State.StartedAt}}", f"{running.name}-gateway-1")
    code, output = running.run("restart", "gateway")
    assert code == 0, output
    assert "(healthy)" in running.containers("Status")["gateway"]
    assert running.docker("inspect", "--format={{.State.StartedAt}}", f"{running.name}-gateway-1") > before
    assert "store" not in output


def test_logs_are_readable_and_can_be_followed(running: SmallStack) -> None:
    code, output = running.run("logs", "gateway", "--tail", "100")
    assert code == 0
    assert re.search(r"^gateway │ [\d:.]+ INFO +starting$", output, re.MULTILINE)
    assert "store" not in output
    assert "\x1b" not in output
    process = running.start("logs", "--follow")
    output = running.signal_at("migrations │ migrated\n", process)
    assert process.returncode == 0, output
    assert "cancel" not in output


def test_restart_refuses_what_it_cannot_restart_and_names_what_failed(running: SmallStack) -> None:
    assert running.run("restart", "gateway", "migrations") == (
        1,
        "Cannot restart migrations: it runs to its end. Start it: nox -s stack -- up\n",
    )
    running.docker("compose", "rm", "--stop", "--force", "gateway")
    assert running.run("restart", "gateway", "store") == (
        1,
        "Cannot restart gateway: it has no container. Start it: nox -s stack -- up\n",
    )
    running.up()
    running.docker("compose", "stop", "gateway")
    with socket.create_server(("127.0.0.1", running.port)):
        assert "gateway exited with code " in running.run("restart", "gateway")[1]
    running.up()
    running.docker("pause", f"{running.name}-store-1")
    stop = "echo 'raise SystemExit(1)' > probe.py"
    running.docker("compose", "exec", "--user=0", "gateway", "sh", "-c", stop)
    code, output = running.run("restart", "gateway")
    running.clean()
    assert code == 1
    assert "gateway is unhealthy. The other services are unchanged.\n" in output, output


def test_every_command_refuses_the_stack_of_another_folder_with_its_name(running: SmallStack, tmp_path: Path) -> None:
    before = running.containers("ID")
    other = SmallStack(tmp_path, running.port)
    other.name = running.name
    for command in ("up", "watch", "status", "logs", "restart gateway", "down", "down --volumes --yes"):
        code, output = other.run(*command.split())
        assert code == 1, output
        fault, remedy = output.splitlines()[-2:]
        assert fault == f"The containers of {running.name} were created in another folder: {running.folder}."
        assert remedy.startswith("Use another name here, with COMPOSE_PROJECT_NAME=... in .env.local; or remove them ")
        assert remedy.endswith(f"docker compose --project-name {running.name} down")
    assert running.containers("ID") == before
    assert running.volumes() == [f"{running.name}_kept"]


def test_every_command_refuses_the_data_of_another_folder_with_its_name(running: SmallStack, tmp_path: Path) -> None:
    running.run("down")
    other = SmallStack(tmp_path, running.port)
    other.name = running.name
    for command in ("up", "status", "down --volumes --yes"):
        code, output = other.run(*command.split())
        assert code == 1, output
        fault, remedy = output.splitlines()[-2:]
        assert fault == f"The volumes of {running.name} were created in another folder: {running.folder}."
        assert remedy.startswith("Use another name here, with COMPOSE_PROJECT_NAME=... in .env.local; or delete the ")
    assert running.volumes() == [f"{running.name}_kept"]
    # The data of a project that was moved.
    running.docker("volume", "rm", f"{running.name}_kept")
    labels = (f"com.docker.compose.project={running.name}", "com.docker.compose.project.working_dir=/no/such/folder")
    running.docker("volume", "create", *(f"--label={label}" for label in labels), f"{running.name}_kept")
    code, output = other.run("down", "--volumes", "--yes")
    assert code == 0, output
    assert running.volumes() == []


@pytest.mark.parametrize("command", ["logs", "restart"])
def test_an_unknown_service_is_refused_with_the_known_ones(stack: SmallStack, command: str) -> None:
    part = stack.folder / "src" / "frontend" / "compose.yaml"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_text("services: {frontend: {image: 'python:3.13-slim-trixie'}}\n")
    code, output = stack.run(command, "gatewya")
    part.unlink()
    assert code == 1
    assert output == "Unknown service: gatewya. The services are: frontend, store, migrations, gateway.\n"


def test_down_keeps_the_data(running: SmallStack) -> None:
    code, output = running.run("down")
    assert code == 0
    assert output.endswith(f"Everything is stopped. The data is kept: {running.name}_kept.\n")
    assert running.containers() == {}
    assert running.volumes() == [f"{running.name}_kept"]
    code, output = running.run("status")
    assert code == 1
    assert output == "Nothing is running. Start everything: nox -s stack -- up\n"


def test_down_deletes_volumes_only_after_a_confirmation(stack: SmallStack) -> None:
    stack.docker("compose", "create")
    code, output = stack.run("down", "--volumes")
    assert code == 1
    assert f"This would delete the data in {stack.name}_kept.\n" in output
    assert "nox -s stack -- down --volumes --yes" in output
    for answer, is_kept in ((b"y\n", True), (b"\x04", True), (b"yes\n", False)):
        ours, theirs = terminal()
        process = stack.start("down", "--volumes", stdin=theirs)
        os.write(ours, answer)
        output, _ = process.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)
        assert f"This will delete the data in {stack.name}_kept. Type yes to continue: " in output
        assert ("Nothing has changed." in output) is is_kept
        assert bool(stack.volumes()) is is_kept
        assert bool(stack.containers()) is is_kept
    stack.docker("compose", "create")
    code, output = stack.run("down", "--volumes", "--yes")
    assert code == 0, output
    assert "The data is deleted" in output
    assert stack.volumes() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_up_leaves_containers_running(stack: SmallStack, number: signal.Signals) -> None:
    stack.clean()
    process = stack.start("up", settings=NEVER_READY)
    output = stack.signal_at("store-1  Waiting", process, number)
    assert process.returncode == 130, output
    assert "Interrupted. Running containers keep running. Stop everything: nox -s stack -- down\n" in output
    assert "Traceback" not in output
    assert stack.containers()["store"] == "running"


def test_an_interrupted_build_starts_nothing(stack: SmallStack) -> None:
    stack.clean()
    process = stack.start("up", settings={"STEP": "sleep 600"})
    output = stack.signal_at("RUN sleep 600", process)
    assert process.returncode == 130, output
    assert "Interrupted." in output
    assert stack.containers() == {}


def test_up_shows_the_progress_of_compose_on_a_terminal(stack: SmallStack) -> None:
    ours, theirs = terminal()
    process = stack.start("up", stdout=theirs, settings={"TERM": "xterm"})
    os.close(theirs)
    output = b""
    try:
        while chunk := os.read(ours, 4096):
            output += chunk
    except OSError:
        pass
    assert process.wait(60) == 0
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", output.decode())
    assert re.search(rf"✔ Container {stack.name}-store-1 +Healthy", text)


def test_a_used_port_is_refused_before_the_build(stack: SmallStack) -> None:
    stack.clean()
    with socket.create_server(("127.0.0.1", stack.port)):
        code, output = stack.run("up")
    assert code == 1
    assert output == (
        f"Port {stack.port} of gateway is in use by another program.\nFree it or set GATEWAY_PORT in .env.local.\n"
    )
    name, image = f"{stack.name}-other", "python:3.13-slim-trixie"
    stack.docker("run", "--detach", "--rm", "--name", name, f"--publish=127.0.0.1:{stack.port}:1", image, "sleep", "60")
    try:
        assert f"is in use by the container {name}.\n" in stack.run("up")[1]
    finally:
        stack.docker("kill", name)


def test_the_error_of_compose_is_shown_for_a_port_that_only_the_engine_finds_used(stack: SmallStack) -> None:
    compose = stack.folder / "compose.yaml"
    usual = compose.read_text()
    compose.write_text(usual.replace('"127.0.0.1:$', '"127.0.0.2:$'))
    with socket.create_server(("127.0.0.2", stack.port)):
        code, output = stack.run("up")
    compose.write_text(usual)
    assert code == 1
    assert "address already in use" in output
    assert output.endswith("docker compose up failed; its error is above.\n")
    assert stack.containers()["store"] == "running"
