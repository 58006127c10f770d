"""The tests of the frontend in a browser, for `nox -s e2e`: against servers of their own, or a stack."""

import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.core import environments
from tasks.core.errors import UserError
from tasks.core.ports import LOOPBACK
from tasks.frontend import dev, settings
from tasks.frontend.node import FOLDER, Node, install
from tasks.project import services

# The devices of Playwright for each browser.
DEVICES = {"chromium": "Desktop Chrome", "firefox": "Desktop Firefox", "webkit": "Desktop Safari"}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
GET_CHROMIUM = "install it: apt-get install chromium (Debian, Ubuntu), or: brew install --cask chromium (macOS)"
TRACES = FOLDER / "test-results"
START_SECONDS = 180
POLL_SECONDS = 0.1


def run(options: list[str], browser: str, *, is_stack: bool) -> str | None:
    """Run Playwright with these options; returns a message if a test fails, and UserError if it cannot run."""
    project = Path.cwd()
    own = {"BROWSER": DEVICES[browser]}
    node = install(project)
    if browser == "chromium":
        own["CHROMIUM"] = chromium()
    elif subprocess.run(node.program("playwright", "install", "--with-deps", browser), check=False).returncode != 0:
        raise UserError(f"Playwright cannot install {browser}; its error is above.")
    # Also for a stack: some tests start a server of their own.
    build(node)
    with stack(project) if is_stack else running(project) as urls:
        command = node.program("playwright", "test", *options)
        done = subprocess.run(command, cwd=node.folder, env={**node.environment, **own, **urls}, check=False)
    if done.returncode != 0:
        return f"e2e: tests in {browser} failed; screenshots and traces are in {TRACES}"
    return None


def chromium() -> str:
    """The path of the machine's Chromium, or of a browser built on it."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not found:
        raise UserError(f"Chromium is missing; {GET_CHROMIUM}")
    return found


def build(node: Node) -> None:
    """Build what production serves; `next dev` allows more, and compiles each page at its first request."""
    done = subprocess.run(node.npm("run", "--silent", "build"), cwd=node.folder, env=node.environment, check=False)
    if done.returncode != 0:
        raise UserError("The frontend cannot be built; the error is above.")


@contextmanager
def running(project: Path) -> Iterator[dict[str, str]]:
    """The application with `dev`'s servers, new data and free ports, beside a `dev` that may run; yields its URLs."""
    python = environments.separate("dev") / "bin/python"
    with tempfile.TemporaryDirectory(prefix="slipway-e2e-") as folder:
        log = Path(folder, "log")
        data = Path(folder, "data")
        command = [str(python), "-m", "tasks", "dev", f"--data={data}", "--built"]
        with log.open("w") as output:
            process = subprocess.Popen(command, cwd=project, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            stop = json.dumps([str(python), "-m", "tasks", "dev.debug", f"--data={data}", "--stop"])
            yield {**_await(process, data / "dev.json", log), "STOP": stop}
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def _await(process: subprocess.Popen[bytes], report: Path, log: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_SECONDS
    while not report.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:]
            raise UserError("\n".join(["The application does not start:", *lines]))
        time.sleep(POLL_SECONDS)
    found = json.loads(report.read_text(encoding="utf-8"))["services"]
    database = json.loads(report.with_name("servers.json").read_text(encoding="utf-8"))["database_url"]
    urls = {f"{name.upper()}_URL": each["url"] for name, each in found.items()}
    return {**urls, "SITE_URL": found[settings.NAME]["url"], "DATABASE_URL": database}


@contextmanager
def stack(project: Path) -> Iterator[dict[str, str]]:
    """The URLs of the stack that runs; UserError if it does not."""
    ports = services.usual_ports(project)
    site = dev.service(ports[settings.NAME] or 0)
    if reason := site.unready_reason():
        raise UserError(f"No answer from {site.url} ({reason}).\nStart the stack: nox -s stack -- up")
    yield {"GATEWAY_URL": f"http://{LOOPBACK}:{ports[services.GATEWAY]}", "SITE_URL": site.url}
