"""Services as processes of their own, as `dev` and production run them."""

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

BACKEND = Path("src/backend").resolve()
TIMEOUT_SECONDS = 120


@dataclass
class Process:
    """A running service, its URL and the file that it logs to."""

    url: str
    popen: subprocess.Popen[bytes]
    log: Path

    def events(self) -> list[dict[str, Any]]:
        """What it has logged; each line has to be JSON."""
        whole, _, _ = self.log.read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    async def events_of(self, request_id: str) -> list[dict[str, Any]]:
        """What it has logged of a request, which it does when the answer has left."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if found := [each for each in self.events() if each.get("request_id") == request_id]:
                return found
            await asyncio.sleep(0.02)
        return []

    def await_ready(self, path: str = "/health") -> None:
        """Return when the path answers 200."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            assert self.popen.poll() is None, self.log.read_text(encoding="utf-8")
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}{path}").status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"not ready: {self.log.read_text(encoding='utf-8')}")

    def stop(self) -> int:
        """Its exit code after SIGTERM."""
        with suppress(ProcessLookupError):
            os.kill(self.popen.pid, signal.SIGCONT)
        self.popen.terminate()
        return self.popen.wait(TIMEOUT_SECONDS)


@contextmanager
def running(name: str, port: int, settings: Mapping[str, str], folder: Path) -> Iterator[Process]:
    """The service, started and not yet ready; stopped in the end."""
    log = folder / f"{name}-{port}.log"
    environment = environment_of({**settings, f"{name.upper()}_PORT": str(port)})
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [sys.executable, "-m", name], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    process = Process(f"http://127.0.0.1:{port}", popen, log)
    try:
        yield process
    finally:
        process.stop()


def environment_of(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings.

    Compiled modules are kept whatever it says: without them a service takes twice as long to start.
    """
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": str(BACKEND), **settings}
