"""One `dev` that runs for all of these tests, in a small project with oddities that it reports at its start."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tasks.core.ports import Ports
from tasks.servers import Servers
from tests.tasks.small_project import Dev, get, make, until


@pytest.fixture(scope="module")
def dev(servers: Servers) -> Iterator[Dev]:
    """`dev` on given servers; one usual port is in use, one is unknown, and a setting is misspelt."""
    with tempfile.TemporaryDirectory(prefix="slipway-test-") as folder, Ports() as ports:
        # Watching ignores folders of this name in the project.
        project = make(Path(folder) / ".venv" / "small", ports.take(), ports.take())
        example = project / ".env.example"
        example.write_text("".join(line for line in example.read_text().splitlines(True) if "ALPHA_PORT" not in line))
        (project / ".env.local").write_text("GATEWEY_PORT=8123\nREGISTRY=mirror.example.com\n")
        settings = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        with socket.create_server(("127.0.0.1", usual_port(project))):
            running = Dev(project, settings=settings)
            try:
                running.ready()
                yield running
                assert running.stop() == 0
                assert running.leftovers() == []
            finally:
                running.kill()


def usual_port(project: Path) -> int:
    """The gateway's port in `.env.example`."""
    return int((project / ".env.example").read_text().split("GATEWAY_PORT=")[1].split()[0])


@contextmanager
def edited(project: Path, name: str, old: str, new: str) -> Iterator[None]:
    """A change of the code, undone in the end; with another size, as bytecode has its time in seconds only."""
    assert len(old) != len(new)
    path = project / "src" / "backend" / name
    text = path.read_text()
    path.write_text(text.replace(old, new))
    yield
    path.write_text(text)


@pytest.fixture
def new_output(dev: Dev) -> Callable[[], str]:
    """The output since the start of the test."""
    start = len(dev.text())
    return lambda: dev.text()[start:]


def test_given_servers_are_used(dev: Dev) -> None:
    about = dev.ready()
    assert [server["pid"] for server in about["servers"].values()] == [None, None]
    assert get(about["url"]) == "gateway one"


def test_port_in_use_is_replaced(dev: Dev) -> None:
    port = dev.ready()["services"]["gateway"]["port"]
    assert f"Port {usual_port(dev.project)} is in use: gateway listens on {port} instead." in dev.text()


def test_service_without_a_port_in_the_example_gets_a_free_one(dev: Dev) -> None:
    port = dev.ready()["services"]["alpha"]["port"]
    assert f".env.example has no ALPHA_PORT: alpha listens on the free port {port}." in dev.text()


def test_misspelt_setting_is_reported(dev: Dev) -> None:
    assert ".env.local has the unknown setting GATEWEY_PORT. Did you mean GATEWAY_PORT?\n" in dev.text()
    assert "REGISTRY" not in dev.text()


def test_second_dev_reports_the_first(dev: Dev) -> None:
    about = dev.ready()
    second = Dev(dev.project)
    assert second.exit_code() == 1
    assert about["url"] in second.text()
    assert str(dev.process.pid) in second.text()
    assert len(second.text().splitlines()) == 2
    assert get(about["url"]) == "gateway one"


def test_log_lines_are_rendered_with_a_prefix(dev: Dev) -> None:
    get(dev.ready()["url"])
    line = next(line for line in dev.wait_for("path=/ ").splitlines() if "path=/ " in line)
    assert line.startswith("gateway    │ ")
    assert line.endswith("INFO     request path=/ [r-1]")
    assert "\x1b" not in dev.text()


def services(dev: Dev) -> dict[str, Any]:
    """The services in the report."""
    found: dict[str, Any] = json.loads((dev.project / ".data" / "dev.json").read_text())["services"]
    return found


def test_change_restarts_its_service_and_one_in_shared_restarts_all(dev: Dev, new_output: Callable[[], str]) -> None:
    before = dev.ready()["services"]
    with edited(dev.project, "alpha/__main__.py", "alpha one", "alpha changed"):
        until(lambda: "Code changed: restarting alpha." in new_output())
        until(lambda: get(before["alpha"]["url"]) == "alpha changed")
        assert services(dev)["gateway"] == before["gateway"]
        with edited(dev.project, "shared/serving.py", "answer.encode()", "answer.upper().encode()"):
            until(lambda: "Code changed: restarting alpha, gateway." in new_output())
            until(lambda: get(before["alpha"]["url"]) == "ALPHA CHANGED")
            until(lambda: get(before["gateway"]["url"]) == "GATEWAY ONE")
    until(lambda: get(before["alpha"]["url"]) == "alpha one")
    until(lambda: get(before["gateway"]["url"]) == "gateway one")


def test_code_that_does_not_start_waits_for_the_next_change(dev: Dev, new_output: Callable[[], str]) -> None:
    about = dev.ready()
    with edited(dev.project, "alpha/__main__.py", "serve(", "serve(("):
        until(lambda: "waiting for the next change" in new_output())
        assert "SyntaxError" in new_output()
        assert get(about["url"]) == "gateway one"
    until(lambda: get(about["services"]["alpha"]["url"]) == "alpha one")


def test_changed_setting_restarts_all_services(dev: Dev, new_output: Callable[[], str]) -> None:
    before = dev.ready()["services"]
    settings = dev.project / ".env.local"
    settings.write_text(settings.read_text() + "APP_NAME=Other\n")
    until(lambda: ".env.local changed: restarting alpha, gateway.\nTo use new ports " in new_output())
    until(lambda: not {each["pid"] for each in services(dev).values()} & {each["pid"] for each in before.values()})
    until(lambda: get(before["gateway"]["url"]) == "gateway one")


def test_changed_migration_is_reported_and_restarts_nothing(dev: Dev, new_output: Callable[[], str]) -> None:
    versions = dev.project / "src" / "backend" / "shared" / "migrations" / "versions"
    (versions / "0002_more.py").write_text((versions / "0001_notes.py").read_text())
    until(lambda: "Migrations changed. Apply them: nox -s migrate" in new_output())
    assert "Code changed" not in new_output()
