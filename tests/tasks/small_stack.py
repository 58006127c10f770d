"""A project of three containers that starts in seconds, and whose services fail on demand."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.core.ports import Ports
from tests.support import ROOT
from tests.tasks.requirements import engine
from tests.tasks.small_project import environment

TIMEOUT_SECONDS = 90.0
HEALTH = """{
      test: [CMD, python3, probe.py], interval: 500ms, timeout: 10s, retries: 2,
      start_period: "${START_PERIOD:-1s}", start_interval: 200ms}"""
FILES = {
    ".env.example": "# A secret.\nSIGNING_KEY=\n# GATEWAY_PORT=8000\n",
    "compose.yaml": """\
services:
  store:
    build: {context: ., args: {STEP: "${STEP:-true}"}}
    image: ${IMAGE:-${COMPOSE_PROJECT_NAME}-small}
    command: [python3, -u, serve.py]
    environment: {PROBE: "${STORE_PROBE:-ok}", EXIT: "${STORE_EXIT:-}"}
    healthcheck: {health}
    stop_grace_period: 1s
    volumes: ["kept:/kept"]
  migrations:
    image: ${COMPOSE_PROJECT_NAME}-small
    command: [python3, -c, "print('migrated'); import os; os.write(1, bytes([255, 10]))"]
    depends_on: {store: {condition: service_healthy}}
  gateway:
    image: ${COMPOSE_PROJECT_NAME}-small
    command: [python3, -u, serve.py]
    environment: {PROBE: "${GATEWAY_PROBE:-ok}", EXIT: "${GATEWAY_EXIT:-}"}
    ports: ["127.0.0.1:${GATEWAY_PORT:-8000}:8000"]
    restart: unless-stopped
    stop_grace_period: 1s
    depends_on: {migrations: {condition: service_completed_successfully}}
    healthcheck: {health}
volumes: {kept: {}}
""".replace("{health}", HEALTH),
    "Dockerfile": """\
FROM python:3.13-slim-trixie
ARG STEP
RUN $STEP
WORKDIR /app
COPY serve.py probe.py ./
ARG REVISION
LABEL revision=$REVISION
""",
    "serve.py": """\
import http.server, json, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print(json.dumps({"level": "info", "event": "starting"}))
if os.environ["EXIT"]:
    print(json.dumps({"level": "error", "event": "cannot start", "reason": "a setting is wrong"}))
    sys.exit(int(os.environ["EXIT"]))
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
""",
    "probe.py": """\
import os, sys, urllib.request
if os.environ["PROBE"] != "ok":
    sys.exit("database: " + os.environ["PROBE"])
urllib.request.urlopen("http://127.0.0.1:8000/probe.py", timeout=1)
""",
}


class SmallStack:
    """The project, with its own Compose name and port."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.name = f"slipway-test-{uuid.uuid4().hex[:12]}"
        self.write(FILES)
        (folder / "tasks").symlink_to(ROOT / "tasks")

    def write(self, files: dict[str, str]) -> None:
        """Write files, by their paths in the project."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @property
    def settings(self) -> dict[str, str]:
        """The environment of its sessions."""
        return environment(COMPOSE_PROJECT_NAME=self.name, GATEWAY_PORT=str(self.port))

    def start(
        self,
        *arguments: str,
        command: str = "compose",
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        settings: dict[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start the command behind a session."""
        return subprocess.Popen(
            [sys.executable, "-m", "tasks", command, *arguments],
            cwd=self.folder,
            env={**self.settings, **(settings or {})},
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, command: str = "compose", **settings: str) -> tuple[int, str]:
        """Its exit code and output."""
        with self.start(*arguments, command=command, settings=settings) as process:
            output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode, output

    def up(self, **settings: str) -> str:
        """The output of an `up` that succeeds."""
        code, output = self.run("up", **settings)
        assert code == 0, output
        return output

    def signal_at(self, text: str, process: subprocess.Popen[str], number: int = signal.SIGINT) -> str:
        """Send a signal, by default that of Ctrl-C, when this is printed; returns all output."""
        output = ""
        for line in process.stdout or ():
            if text in line and text not in output:
                process.send_signal(number)
            output += line
        process.wait(TIMEOUT_SECONDS)
        return output

    def docker(self, *arguments: str) -> str:
        """The output of a `docker` command that succeeds."""
        return subprocess.run(
            ["docker", *arguments], cwd=self.folder, env=self.settings, capture_output=True, text=True, check=True
        ).stdout

    def containers(self, column: str = "State") -> dict[str, str]:
        """Each service's state, or another column of `docker ps`."""
        form = f'{{{{.Label "com.docker.compose.service"}}}} {{{{.{column}}}}}'
        listed = self.docker("ps", "--all", "--no-trunc", "--filter", self._label, "--format", form)
        return dict(line.split(maxsplit=1) for line in listed.splitlines())

    def volumes(self) -> list[str]:
        """The names of its volumes."""
        return self.docker("volume", "ls", "--quiet", "--filter", self._label).split()

    @property
    def _label(self) -> str:
        return f"label=com.docker.compose.project={self.name}"

    def clean(self) -> None:
        """Remove its containers and data."""
        self.docker("compose", "down", "--volumes", "--remove-orphans", "--timeout", "0")

    def remove(self) -> None:
        """Remove everything of it."""
        self.clean()
        if images := self.docker("images", "--quiet", "--filter", f"reference={self.name}-*").split():
            self.docker("rmi", "--force", *dict.fromkeys(images))


@contextmanager
def small_stack(folder: Path) -> Iterator[SmallStack]:
    """A stack that is removed afterwards; skips the test without an engine."""
    engine()
    folder.chmod(0o755)
    with Ports() as ports:
        stack = SmallStack(folder, ports.take())
    try:
        yield stack
    finally:
        stack.remove()
