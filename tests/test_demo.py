"""The demo: --keep, --open, signals, and failures of its HTTP calls."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support import ROOT, files, run, share_environments
from toolkit.application import environment
from toolkit.proof import ProofFailedError, prove

INTERRUPTED = "Interrupted before the demo was complete."


@pytest.fixture
def demo(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Iterator[Demo]:
    """A demo that keeps its project and stays open."""
    started = Demo(tmp_path, tmp_path_factory.mktemp("links"), environments)
    yield started
    started.process.kill()
    for process in started.processes():
        process.kill()


class Demo:
    """The demo as its session runs it, with its output in a file."""

    def __init__(self, folder: Path, links: Path, environments: Path) -> None:
        self.folder = folder
        self.kept = folder / "kept-app"
        self.log = folder / "output"
        share_environments(ROOT / "template", environments, ["dev"], links.joinpath(*self.kept.parts[1:]))
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "toolkit.demo", "--keep", str(self.kept), "--open"],
                cwd=ROOT,
                env=environment({"SLIPWAY_ENVIRONMENTS": str(links)}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        """Everything printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def await_path(self, pattern: str) -> None:
        """Return when a path matches."""
        deadline = time.monotonic() + 180
        while not list(self.folder.glob(pattern)):
            assert time.monotonic() < deadline, self.output()
            assert self.process.poll() is None, self.output()
            time.sleep(0.01)

    def processes(self) -> list[psutil.Process]:
        """Processes of the project."""
        found = [each for each in psutil.process_iter(["cwd", "cmdline"]) if each.pid != self.process.pid]
        return [each for each in found if str(self.kept) in f"{each.info['cwd']} {each.info['cmdline']}"]


@pytest.mark.slow
def test_open_runs_until_ctrl_c_and_keep_keeps_the_project(demo: Demo) -> None:
    gateway = await_gateway(demo.process, demo.log)
    assert httpx.get(f"{gateway}/health").status_code == 200
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == 0, demo.output()
    assert "Stopped everything it started" in demo.output()
    assert demo.processes() == []
    assert "src/backend/gateway/app.py" in files(demo.kept)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_while_scaffolding_leaves_nothing(demo: Demo, number: signal.Signals) -> None:
    demo.await_path(".slipway-*")
    demo.process.send_signal(number)
    assert demo.process.wait(60) == 130, demo.output()
    assert demo.output().splitlines()[-1] == INTERRUPTED
    assert [path.name for path in demo.folder.iterdir()] == ["output"]


def test_signals_while_the_application_starts_stop_all_of_it(demo: Demo) -> None:
    demo.await_path("kept-app/.data/lock")
    assert demo.processes() != []
    demo.process.send_signal(signal.SIGTERM)
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(60) == 130, demo.output()
    assert "Stopped everything it started" in demo.output()
    assert demo.output().splitlines()[-1] == INTERRUPTED
    assert demo.processes() == []


def test_keep_is_relative_to_the_caller_and_refuses_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.txt").write_text("precious")
    demo = run(sys.executable, ROOT / "noxfile.py", "-s", "demo", "--", "--keep", "mine", cwd=tmp_path)
    assert demo.returncode != 0
    assert f"The demo failed: {tmp_path}/mine exists and is not an empty folder" in demo.stdout
    assert files(tmp_path) == ["mine/mine.txt"]


def await_gateway(demo: subprocess.Popen[bytes], log: Path) -> str:
    """The gateway's address, once the demo has printed it."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and demo.poll() is None:
        text = re.sub(r"\s+", " ", log.read_text(encoding="utf-8", errors="replace"))
        if found := re.search(r"Running at (http://[\w.:]+) from", text):
            return found.group(1)
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))


def test_prove_fails_without_a_response() -> None:
    with pytest.raises(ProofFailedError, match=r"no response from http://127\.0\.0\.1:9"):
        prove("http://127.0.0.1:9")


def test_prove_fails_on_an_unexpected_status(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        port = re.findall(r"port (\d+)", (server.stdout.readline() if server.stdout else ""))[0]
        with pytest.raises(ProofFailedError, match="GET /health returned 404 instead of 200"):
            prove(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.communicate()
