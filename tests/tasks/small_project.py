"""A project of two small services that `dev` starts in a second or two, and `dev` as a process."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.support import ROOT

TIMEOUT_SECONDS = 60.0
MARK = "SLIPWAY_TEST"
# Variables of PostgreSQL's clients and programs, each of which would break a connection or a start.
FOREIGN = {
    "PGCHANNELBINDING": "require",
    "PGDATA": "/nowhere",
    "PGDATESTYLE": "nonsense",
    "PGHOSTADDR": "192.0.2.1",
    "PGOPTIONS": "-c nonsense=1",
    "PGPASSFILE": "/nowhere",
    "PGREQUIREAUTH": "none",
    "PGSERVICE": "elsewhere",
    "PGSERVICEFILE": "/nowhere",
    "PGSSLMODE": "require",
    "PGTARGETSESSIONATTRS": "standby",
    "PGTZ": "nowhere",
}

FILES = {
    ".env.example": """\
# The name.
APP_NAME=Small
# A secret.
SIGNING_KEY=
# GATEWAY_PORT={gateway}
# ALPHA_PORT={alpha}
# ALPHA_URL=http://127.0.0.1:{alpha}
""",
    "pyproject.toml": '[tool.alembic]\nscript_location = "src/backend/shared/migrations"\n',
    "src/backend/shared/__init__.py": "",
    "src/backend/shared/serving.py": """
import asyncio, json, os, signal
from granian.server.embed import Server

def serve(name, answer):
    async def app(scope, receive, send):
        print(json.dumps({"level": "info", "event": "request", "path": scope["path"], "request_id": "r-1"}), flush=True)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer.encode()})

    async def main():
        server = Server(app, port=int(os.environ[name + "_PORT"]), interface="asgi", log_enabled=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        await server.serve()

    asyncio.run(main())
""",
    "src/backend/alpha/__init__.py": "",
    "src/backend/alpha/__main__.py": 'from shared.serving import serve\nserve("ALPHA", "alpha one")\n',
    "src/backend/gateway/__init__.py": "",
    "src/backend/gateway/__main__.py": 'from shared.serving import serve\nserve("GATEWAY", "gateway one")\n',
    "src/backend/shared/migrations/env.py": """
import os
from alembic import context
from sqlalchemy import create_engine

url = os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:")
with create_engine(url).connect() as connection:
    report = context.config.attributes.get("on_version_apply")
    context.configure(connection=connection, on_version_apply=report)
    with context.begin_transaction():
        context.run_migrations()
""",
    "src/backend/shared/migrations/script.py.mako": "",
    "src/backend/shared/migrations/versions/0001_notes.py": '''
"""Notes."""
from alembic import op
revision = "0001"
down_revision = None
def upgrade(): op.execute("CREATE TABLE notes (text text)")
def downgrade(): op.execute("DROP TABLE notes")
''',
}


def make(folder: Path, gateway: int, alpha: int) -> Path:
    """Write the project, whose services have these usual ports."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{gateway}", str(gateway)).replace("{alpha}", str(alpha)))
    (folder / "tasks").symlink_to(ROOT / "tasks")
    return folder


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without variables that affect `dev`, and with these settings."""
    private = ("DATABASE_URL", "REDIS_URL", "PYTHONPATH", "PYTHONDONT", "FORCE_COLOR", "POSTGRES_BIN", "SLIPWAY_")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(private)}, **settings}


def is_alive(process: psutil.Process) -> bool:
    """Whether the process runs and is no zombie."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


class Dev:
    """`python -m tasks dev` in a project, and all processes that it starts.

    They are found by a mark in the environment, or by the working directory: servers that set their process title
    overwrite the mark.
    """

    def __init__(
        self,
        project: Path,
        *wrapper: str,
        arguments: tuple[str, ...] = (),
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.project = project
        self.mark = uuid.uuid4().hex
        self.output = project.parent / f"{project.name}-{self.mark}.log"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", "tasks", "dev", *arguments],
                cwd=project,
                env=environment(**{MARK: self.mark}, **(settings or {})),
                stdin=stdin,
                stdout=output if stdout is None else stdout,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        """The output up to now."""
        return self.output.read_text(errors="replace")

    def wait_for(self, text: str) -> str:
        """Wait until the output has this text; returns the output."""
        self._until(lambda: text in self.text(), f"{text!r} is missing")
        return self.text()

    def ready(self) -> dict[str, Any]:
        """Wait until everything runs; returns the content of `.data/dev.json`."""
        report = self.project / ".data" / "dev.json"
        self._until(
            lambda: report.exists() and _read(report)["pid"] in [each.pid for each in self.family()], "not ready"
        )
        return _read(report)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal; returns the exit code."""
        self.process.send_signal(number)
        return self.exit_code()

    def exit_code(self) -> int:
        """Wait for its end; returns the exit code."""
        return self.process.wait(TIMEOUT_SECONDS)

    def leftovers(self) -> list[str]:
        """The command lines of processes that still run after five seconds."""
        deadline = time.monotonic() + 5
        while (found := self.family()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return [" ".join(process.cmdline()) for process in found]

    def kill(self) -> None:
        """Kill everything, so that a failed test leaves nothing."""
        for process in self.family():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()

    def _until(self, condition: Callable[[], bool], problem: str) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not condition():
            assert self.process.poll() is None, f"{problem}; dev ended: {self.text()}"
            assert time.monotonic() < deadline, f"{problem}: {self.text()}"
            time.sleep(0.02)

    def _is_ours(self, process: psutil.Process) -> bool:
        data = str(self.project.resolve() / ".data")
        return process.environ().get(MARK) == self.mark or process.cwd().startswith(data)

    def family(self) -> list[psutil.Process]:
        """The living processes of this `dev`, itself included, and of its project's servers."""
        found = []
        for process in psutil.process_iter():
            try:
                if is_alive(process) and self._is_ours(process):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found


def _read(report: Path) -> dict[str, Any]:
    about: dict[str, Any] = json.loads(report.read_text())
    return about


def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def get(url: str) -> str:
    """The body of the answer to a GET request; empty if there is no answer."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=10)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
