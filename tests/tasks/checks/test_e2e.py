"""The end-to-end tests: against the application that `dev` runs, with a fault in it, and at other addresses."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tasks.checks.e2e import BROWSER, check, main
from tasks.core.errors import UserError
from tests.support import copy_cluster, nox, run
from tests.tasks.small_project import FOREIGN, until
from toolkit.application import Application, free_port

ACTIVE_SESSIONS = "src/backend/shared/security/active_sessions.py"
ENDS = "await self._redis.delete(*map(self._key, session_ids))"
SERVICES = {"auth", "projects"}
# Every test of the end-to-end tests registers users.
FAST_HASHING = {"ARGON2_MEMORY_KIB": "8", "ARGON2_ROUNDS": "1"}


@pytest.fixture(scope="module")
def application(
    rendered: Callable[[str], Path], cluster: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """A fresh project that `dev` runs, whatever variables of PostgreSQL there are."""
    folder = tmp_path_factory.mktemp("running") / "my-app"
    shutil.copytree(rendered("backend"), folder, symlinks=True)
    copy_cluster(cluster, folder)
    running = Application(folder)
    try:
        with pytest.MonkeyPatch.context() as patched:
            for name, value in {**FOREIGN, **FAST_HASHING}.items():
                patched.setenv(name, value)
            running.start()
        yield running
        assert "Traceback" not in running.log.read_text(encoding="utf-8")
    finally:
        remaining = running.stop()
    assert remaining == []


def command(
    application: Application, session: str, name: str, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of `tasks` in a session's environment, without the time that nox takes."""
    python = application.project / ".nox" / session / "bin" / "python"
    if not python.exists():
        nox(application.project, "-s", session, "--install-only")
    return run(python, "-m", "tasks", name, *arguments, cwd=application.project, **environment)


def test_a_scaffolded_application_answers_through_its_gateway(application: Application) -> None:
    assert set(application.ports) == {*SERVICES, "gateway", "worker", "PostgreSQL", "Valkey"}
    assert httpx.get(f"{application.gateway}/health/detailed").json()["status"] == "ok"


def test_pass_against_dev_with_existing_data(application: Application) -> None:
    """The data of the first run exist in the second, of the tests that create the most."""
    for options in (["-q"], ["-q", "-k", "project"]):
        done = nox(application.project, "-s", "e2e", "--", application.gateway, *options)
        assert done.returncode == 0, done.stdout
        assert "passed" in done.stdout


def test_a_request_is_followed_on_the_page_by_its_id(application: Application) -> None:
    link = json.loads((application.project / ".data" / "dev.json").read_text())["page"]
    origin = link.partition("/?")[0]
    user = {"email": "page@example.com", "name": "Page", "password": "correct horse battery staple"}

    with httpx.Client(base_url=origin, timeout=30) as page:
        assert page.get(link).status_code == 200
        response = httpx.post(f"{application.gateway}/api/auth/register", json=user, timeout=30)
        assert response.status_code == 202
        request_id = response.headers["x-request-id"]

        def lines() -> dict[str, str]:
            """The trace of each service that logged the request."""
            found = page.get("/api/lines", params={"request": request_id}).json()
            return {line["service"]: line["trace"] for line in found}

        until(lambda: {"gateway", "auth"} <= {*lines()})
        [trace] = {*lines().values()}

        def spans() -> set[str]:
            """The services with spans in that trace."""
            return {span["service"] for span in page.get("/api/trace", params={"id": trace}).json()}

        until(lambda: {"gateway", "auth", "worker"} <= spans())
        until(lambda: user["email"] in [address for mail in page.get("/api/mail").json() for address in mail["to"]])

        def is_measured() -> bool:
            """Whether a chart shows requests, of which this is one: it takes one before and one after a sample."""
            httpx.get(f"{application.gateway}/api/auth/sessions")
            return any(point["requests"] for point in page.get("/api/metrics").json().get("auth", []))

        until(is_measured)


def test_smoke_tests_change_nothing_and_pass(application: Application) -> None:
    done = nox(application.project, "-s", "smoke", APPLICATION_URL=f"{application.gateway}/")
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
    assert "deselected" in done.stdout


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (" ", "Session smoke aborted: APPLICATION_URL is not a URL: ''. Set it to the gateway's address"),
        ("example.org", "Session smoke aborted: APPLICATION_URL is not a URL: 'example.org'. Set it to the gateway's"),
        ("http://127.0.0.1:1", "ConnectError"),
    ],
)
def test_smoke_tests_fail_without_an_application(application: Application, url: str, reason: str) -> None:
    done = nox(application.project, "-s", "smoke", APPLICATION_URL=url)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert reason in done.stdout


def test_another_service_is_no_gateway(application: Application) -> None:
    [auth] = [port for name, port in application.ports.items() if name == "auth"]
    with pytest.raises(UserError, match="is not a gateway of this application: /health/detailed answered 200 without"):
        check(f"http://127.0.0.1:{auth}", SERVICES)
    check(application.gateway, SERVICES)


def test_a_log_out_that_ends_nothing_is_found(application: Application) -> None:
    place = application.project / ACTIVE_SESSIONS
    text = place.read_text(encoding="utf-8")
    assert text.count(ENDS) == 1
    place.write_text(text.replace(ENDS, "await self._redis.ping()"), encoding="utf-8")
    await_reload(application)
    done = nox(application.project, "-s", "e2e", "--", f"{application.gateway}/", "-q", "-k", "log_out or logout")
    assert done.returncode == 1
    assert re.search(r"FAILED tests/e2e/test_\w+\.py::test_\w*log_?out", done.stdout), done.stdout
    assert re.search(r"\d+ deselected", done.stdout)


def await_reload(application: Application) -> None:
    """Return when `dev` has started every service again."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        after = application.log.read_text(encoding="utf-8").partition("Code changed")[2]
        if after.count("│ ready: ") >= 3:
            return
        time.sleep(0.1)
    raise AssertionError(application.last_output())


def test_an_address_without_an_answer_is_reported_in_two_lines(application: Application) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = command(application, "e2e", "checks.e2e", url)
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first.startswith(f"No answer from {url} (")
    assert second == "Start the application: nox -s dev"


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "http://127.0.0.1:port", "dev"])
def test_an_invalid_address_is_refused(address: str) -> None:
    with pytest.raises(UserError, match=f"{address} is not the URL of an application, such as http://127.0.0.1:8000"):
        check(address, SERVICES)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("no JSON", "is not a gateway of this application: /health/detailed answered 200 without its services"),
        ("[]", "is not a gateway of this application"),
        ('{"components": {}}', "is not a gateway of this application"),
        ('{"components": {"other": {"status": "ok"}}}', "is not a gateway of this application"),
        (
            json.dumps(
                {"components": {"auth": {"status": "ok"}, "projects": {"status": "down", "reason": "no route"}}}
            ),
            "is not healthy: projects: no route",
        ),
    ],
)
def test_another_server_and_an_unhealthy_gateway_are_refused(answer: str, message: str) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(UserError, match=message):
            check(f"http://127.0.0.1:{server.server_port}", SERVICES)
    finally:
        server.shutdown()
        server.server_close()


def test_without_a_part_there_is_nothing_to_test_in_a_browser(
    rendered: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(rendered("backend"))
    monkeypatch.setenv(BROWSER, "firefox")
    monkeypatch.setattr(sys, "argv", ["e2e"])
    assert main() is None
    assert capsys.readouterr().out == "No part of this project has tests in a browser.\n"
