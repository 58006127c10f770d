"""Runs services as processes, as `dev` and production do."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.clients import ssl_context
from tests.support.serving import free_port

BACKEND = Path("src/backend").resolve()
TIMEOUT_SECONDS = 120


@dataclass
class ServiceProcess:
    """A running service, its URL and its log file."""

    url: str
    popen: subprocess.Popen[bytes]
    log: Path
    metrics_url: str

    def events(self) -> list[dict[str, Any]]:
        """All log events; every complete line must be JSON."""
        complete, _, _ = self.log.read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in complete.splitlines()]

    async def events_of(self, request_id: str) -> list[dict[str, Any]]:
        """The log events of a request, which are written after the response is sent."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if found := [each for each in self.events() if each.get("request_id") == request_id]:
                return found
            await asyncio.sleep(0.02)
        return []

    def wait_until_ready(self, path: str = "/health") -> None:
        """Return when the path responds with 200."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            assert self.popen.poll() is None, self.log.read_text(encoding="utf-8")
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}{path}", verify=ssl_context()).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"not ready: {self.log.read_text(encoding='utf-8')}")

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        with suppress(ProcessLookupError):
            os.kill(self.popen.pid, signal.SIGCONT)
        self.popen.terminate()
        return self.popen.wait(TIMEOUT_SECONDS)


@contextmanager
def run_service(name: str, port: int, settings: Mapping[str, str], folder: Path) -> Iterator[ServiceProcess]:
    """Start a service without waiting until it is ready; stop it on exit."""
    log = folder / f"{name}-{port}.log"
    # Only the gateway has a port of its own for them.
    metrics_port = free_port() if name == "gateway" else port
    ports = {f"{name.upper()}_PORT": str(port), f"{name.upper()}_METRICS_PORT": str(metrics_port)}
    environment = process_environment({**settings, **ports})
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, "-m", name], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    process = ServiceProcess(f"http://127.0.0.1:{port}", popen, log, f"http://127.0.0.1:{metrics_port}/metrics")
    try:
        yield process
    finally:
        process.stop()


def memory_of(process: ServiceProcess) -> int:
    """The resident memory of the process in KiB."""
    command = ["ps", "-o", "rss=", "-p", str(process.popen.pid)]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Suspend a process."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def process_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with these settings.

    Bytecode is written in any case: without it, a service takes twice as long to start.
    """
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": str(BACKEND), **settings}
