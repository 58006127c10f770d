"""The end-to-end tests: against the application that `dev` runs, against a fault in it, against what is none."""

from __future__ import annotations

import http.server
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import nox
from toolkit.application import Application, free_port

ACTIVE_SESSIONS = "src/backend/shared/security/active_sessions.py"
ENDS = 'await self._redis.delete(f"{self._prefix}{session_id}")'


@pytest.fixture(scope="module")
def application(rendered: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """A fresh project that `dev` runs."""
    folder = tmp_path_factory.mktemp("running") / "my-app"
    shutil.copytree(rendered("backend"), folder, symlinks=True)
    running = Application(folder)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def test_pass_against_dev_with_existing_data(application: Application) -> None:
    for _ in range(2):
        done = nox(application.project, "-s", "e2e", "--", application.gateway, "-q")
        assert done.returncode == 0, done.stdout
        assert "passed" in done.stdout


def test_smoke_tests_change_nothing_and_pass(application: Application) -> None:
    done = nox(application.project, "-s", "smoke", APPLICATION_URL=f"{application.gateway}/")
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
    assert "deselected" in done.stdout


@pytest.mark.parametrize("url", ["", " ", "example.org", "http://127.0.0.1:1"])
def test_smoke_tests_fail_where_no_application_is(application: Application, url: str) -> None:
    done = nox(application.project, "-s", "smoke", APPLICATION_URL=url)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert "APPLICATION_URL does not say" in done.stdout or "ConnectError" in done.stdout


def test_one_of_them_can_be_chosen(application: Application) -> None:
    done = nox(application.project, "-s", "e2e", "--", f"{application.gateway}/", "-k", "logout", "-v")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_another_service_than_the_gateway_is_named_as_such(application: Application) -> None:
    [auth] = [port for name, port in application.ports.items() if name == "auth"]
    done = nox(application.project, "-s", "e2e", "--", f"http://127.0.0.1:{auth}")
    assert done.returncode == 1
    assert "is no gateway of this application: /health/detailed is about other things." in done.stdout


def test_they_fail_when_a_log_out_ends_nothing(application: Application) -> None:
    place = application.project / ACTIVE_SESSIONS
    text = place.read_text(encoding="utf-8")
    assert text.count(ENDS) == 1
    place.write_text(text.replace(ENDS, "await self._redis.ping()"), encoding="utf-8")
    await_reload(application)
    done = nox(application.project, "-s", "e2e", "--", application.gateway, "-q")
    assert done.returncode == 1
    assert "FAILED tests/e2e/test_user_journey.py::test_logout_ends_only_the_current_session" in done.stdout


def await_reload(application: Application) -> None:
    """Return when `dev` has started every service again."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        after = application.log.read_text(encoding="utf-8").partition("Code changed")[2]
        if after.count("│ ready: ") >= 3:
            return
        time.sleep(0.1)
    raise AssertionError(application.last_words())


def test_an_address_where_nothing_answers_is_said_in_two_lines(project: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = nox(project, "-s", "e2e", "--", url)
    assert done.returncode == 1
    assert f"Nothing answers at {url} (" in done.stdout
    assert "Start the application: nox -s dev" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "http://127.0.0.1:port", "dev"])
def test_what_is_no_address_is_said_so(project: Path, address: str) -> None:
    done = nox(project, "-s", "e2e", "--", address)
    assert done.returncode == 1
    assert f"{address} is no address of an application; write it like http://127.0.0.1:8000." in done.stdout
    assert "Traceback" not in done.stdout


def test_a_web_server_is_no_application(project: Path) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = nox(project, "-s", "e2e", "--", f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 1
    assert "is no gateway of this application: /health/detailed answered 404, not in JSON." in done.stdout
