"""Functions of `dev`, and the settings of a scaffolded application."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.core.errors import UserError
from tasks.core.screen import Screen
from tasks.database.operations import MALFORMED
from tasks.dev import command
from tasks.dev.application import affected
from tasks.dev.running import LoggedProcess, RunningService
from tasks.dev.storage import postgres_version, valkey_version
from tasks.project import setup
from tasks.project.data_folder import DataFolder, InUseError
from tasks.project.env_file import SECRET
from tasks.project.services import Service
from tasks.servers import Servers
from tasks.servers.group import Group
from tests.tasks.small_project import Dev


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (["auth/app.py"], ["auth"]),
        (["auth/app.py", "gateway/x/y.py"], ["auth", "gateway"]),
        (["shared/http.py"], ["auth", "projects", "gateway"]),
        (["auth/app.py", "shared/http.py"], ["auth", "projects", "gateway"]),
    ],
)
def test_change_affects_its_service_or_all(changed: list[str], expected: list[str]) -> None:
    assert affected(["auth", "projects", "gateway"], [Path(path) for path in changed]) == expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://me:hunter2@127.0.0.1:9/app", "Cannot reach the database at 127.0.0.1:9: Connection refused"),
        (
            "postgresql://me:hunter2@127.0.0.1:9,127.0.0.2:9/app",
            "Cannot reach the database at 127.0.0.1:9, 127.0.0.2:9: Connection refused",
        ),
        ("postgresql://me:hunter2%zz@127.0.0.1/app", "should be postgresql://user[:password]@host:port/name"),
        ("me:hunter2", "should be postgresql://user[:password]@host:port/name"),
    ],
)
def test_wrong_database_url_is_reported_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(UserError, match=f"^DATABASE_URL: {re.escape(reason)}") as raised:
        postgres_version(url)
    assert "hunter2" not in str(raised.value)


def test_refused_password_is_reported_without_it(servers: Servers) -> None:
    def with_wrong_password(url: str) -> str:
        return re.sub(r":[^:@]*@", ":hunter2@", url)

    for setting, version, url in [
        ("DATABASE_URL", postgres_version, servers.database_url),
        ("REDIS_URL", valkey_version, servers.redis_url),
    ]:
        with pytest.raises(UserError, match=f"^{setting}: The .* (refuses|refused the connection): ") as raised:
            version(with_wrong_password(url))
        assert "hunter2" not in str(raised.value)


def test_data_of_another_session_are_refused(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small)
    monkeypatch.setattr(sys, "argv", ["dev"])
    with DataFolder(small / ".data").owned("db"):
        message = command.main()
    assert message == f"`nox -s db` (PID {os.getpid()}) uses this project's data. Stop it and try again."


def test_reuse_fails_if_the_first_dev_ends_before_it_is_ready(tmp_path: Path) -> None:
    message = command.reuse(DataFolder(tmp_path), InUseError("dev", 7))
    assert message == "`nox -s dev` (PID 7) ended before it was ready. See its output."


def test_wrong_settings_are_reported_before_any_server_starts(project: Path) -> None:
    example = (project / ".env.example").read_text()
    secrets = [line[:-1] for line in SECRET.findall(example)]
    wrong = example.replace("=\n", "=hunter2\n") + "ACCESS_TOKEN_LIFETIME=abc\nLOG_LEVEL=loud\n"
    wrong += "DATABASE_URL=postgresql://app@one:5432,two:none/app?password=hunter2\n"
    (project / ".env.local").write_text(wrong)
    (project / ".env.local").chmod(0o600)
    dev = Dev(project)
    assert dev.exit_code() == 1
    assert len(dev.text().splitlines()) == 2
    assert any(secret in dev.text() for secret in secrets)
    for name in ("ACCESS_TOKEN_LIFETIME", "LOG_LEVEL"):
        assert f"{name} (.env.local): Input should be" in dev.text()
    assert f"DATABASE_URL (.env.local): {MALFORMED}" in dev.text()
    assert "hunter2" not in dev.text()
    assert "Traceback" not in dev.text()
    assert not (project / ".data" / "postgres").exists()
    assert dev.leftovers() == []


def test_setting_that_the_example_lacks_is_reported(project: Path) -> None:
    setup.complete(project)
    path = project / "src" / "backend" / "gateway" / "settings.py"
    text = path.read_text()
    planted = text.replace("    gateway_port: Port = 8000\n", "    notes_url: str\n    gateway_port: Port = 8000\n")
    assert planted != text
    path.write_text(planted)
    dev = Dev(project)
    assert dev.exit_code() == 1
    assert "NOTES_URL: missing" in dev.text()
    assert "Add to .env.example, from which it is copied to .env.local: NOTES_URL.\n" in dev.text()


def test_log_that_becomes_too_large_is_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.dev.running.LARGEST_LOG", 1000)
    code = "import sys, time\nfor number in range(40): print('x' * 99, flush=True); time.sleep(0.01)"
    log = tmp_path / "log"

    async def run() -> int:
        with Group() as group:
            process = group.start([sys.executable, "-c", code], log, dict(os.environ))
            return await LoggedProcess("alpha", process, log, Screen(["alpha"], lambda: None)).exit_code()

    assert asyncio.run(run()) == 0
    assert log.stat().st_size < 3000


def test_a_traceback_is_shown_as_its_last_line_with_the_place_in_the_code(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = project / "src/backend/shared/database/models/base.py"
    broken.write_text(broken.read_text() + "\n\nnowhere = nothing\n")
    lines = len(broken.read_text().splitlines())
    log = project / "log"

    async def run() -> int:
        with Group() as group:
            environment = {**os.environ, "PYTHONPATH": str(project / "src/backend")}
            process = group.start([sys.executable, "-m", "auth"], log, environment)
            return await LoggedProcess("auth", process, log, Screen(["auth"], lambda: None)).exit_code()

    assert asyncio.run(run()) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("auth │ NameError: name 'nothing' is not defined (")
    assert line.endswith(f"src/backend/shared/database/models/base.py:{lines})")


def test_a_removed_log_is_no_error(tmp_path: Path) -> None:
    log = tmp_path / "alpha.log"

    async def run() -> int:
        with Group() as group:
            process = group.start([sys.executable, "-c", "input()"], log, dict(os.environ))
            log.unlink()
            return await LoggedProcess("alpha", process, log, Screen(["alpha"], lambda: None)).exit_code()

    assert asyncio.run(run()) == 1


class Unready(BaseHTTPRequestHandler):
    """Readiness of a service whose database lacks a migration; ready once `migrated` is set."""

    migrated = threading.Event()

    def do_GET(self) -> None:
        """Answer as the services do."""
        component = {"status": "failed", "latency_ms": time.monotonic(), "reason": 'the database lacks "1f"'}
        self.send_response(200 if self.migrated.is_set() else 503)
        self.end_headers()
        self.wfile.write(json.dumps({"status": "failed", "components": {"database": component}}).encode())


def test_service_that_is_not_ready_shows_the_reason_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tasks.dev.running.SHOW_REASON_SECONDS", 0)
    shown = "alpha │ starting: not ready: the database lacks"

    async def run(group: Group, port: int) -> str:
        process = group.start([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log", dict(os.environ))
        screen = Screen(["alpha"], lambda: None)
        logged = LoggedProcess("alpha", process, tmp_path / "log", screen)
        service = RunningService(Service("alpha", port), lambda: logged, screen, lambda *_: None)
        following = asyncio.create_task(service.follow(lambda: None))
        output = ""
        async with asyncio.timeout(60):
            while shown not in output:
                await asyncio.sleep(0.02)
                output += capsys.readouterr().out
            Unready.migrated.set()
            await service.ready.wait()
        following.cancel()
        await service.stop()
        return output + capsys.readouterr().out

    with ThreadingHTTPServer(("127.0.0.1", 0), Unready) as server, Group() as group:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        output = asyncio.run(run(group, server.server_port))
        server.shutdown()
    assert output.count(shown) == 1
    assert "alpha │ ready: http://127.0.0.1:" in output
