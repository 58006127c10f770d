"""Runs a scaffolded project as its team does, through its noxfile, and stops it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

START_SECONDS = 300.0
STOP_SECONDS = 60.0


class StartFailedError(Exception):
    """The application did not start; the message ends with the end of its output."""


class Application:
    """`python3 noxfile.py -s dev` in a project, from start to stop."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.gateway = ""
        self.versions: dict[str, str] = {}
        self.log = project / ".nox" / "dev.log"
        self.ports: dict[str, int] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return when the gateway has answered 200. Raises StartFailedError."""
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "noxfile.py", "-s", "dev"],
                cwd=self.project,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        about = self._await_report(self._process)
        self.gateway = about["url"]
        self.versions = {title: server["version"] for title, server in about["servers"].items()}
        parts = {**about["servers"], **about["services"]}
        self.ports = {name: part["port"] for name, part in parts.items() if part["port"]}

    def _await_report(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        """The content of `.data/dev.json`, which `dev` writes once everything is ready."""
        deadline = time.monotonic() + START_SECONDS
        report = self.project / ".data" / "dev.json"
        while time.monotonic() < deadline and process.poll() is None:
            if report.exists():
                about: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
                return about
            time.sleep(0.02)
        raise StartFailedError(f"the application did not start. Its output ends with:\n{self.last_output()}")

    def last_output(self) -> str:
        """The end of what `dev` printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:] if self.log.exists() else ""

    def wait(self) -> None:
        """Return when it exits."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> list[str]:
        """Stop it as Ctrl-C does; returns what still listens afterwards, which must be nothing."""
        if self._process is None:
            return []
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            return ["dev, which did not stop"]
        return [name for name, port in self.ports.items() if listens(port)]


def environment(settings: dict[str, str] | None = None) -> dict[str, str]:
    """The environment for a project's commands, without the variables of the session that runs this.

    And without PYTHONDONTWRITEBYTECODE, which makes every start as slow as the first.
    """
    private = ("VIRTUAL_ENV", "NOX_", "DATABASE_URL", "REDIS_URL", "PYTHONPATH", "PYTHONDONT", "PYTEST_", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(private)}
    return {**kept, **(settings or {})}


def listens(port: int) -> bool:
    """Whether something accepts connections on this port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when the process listens. Raises StartFailedError if it ends first or takes too long."""
    deadline = time.monotonic() + 30
    while not listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise StartFailedError(f"{process.args!r} did not listen on port {port}")
        time.sleep(0.02)
