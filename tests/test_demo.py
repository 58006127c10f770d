"""The demo: what it leaves with --keep, that --open stays until Ctrl-C, and that it cannot pass when nothing works."""

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

from tests.support import ROOT, files, run
from toolkit.application import environment
from toolkit.proof import ProofFailedError, prove


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo that keeps its project and stays open."""
    started = Demo(tmp_path)
    yield started
    started.process.kill()
    for process in started.left():
        process.kill()


class Demo:
    """The demo, as its session runs it, with what it prints in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept = folder / "kept-app"
        self.printed = folder / "printed"
        with self.printed.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "toolkit.demo", "--keep", str(self.kept), "--open"],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def text(self) -> str:
        """What it has printed."""
        return self.printed.read_text(encoding="utf-8")

    def await_path(self, pattern: str) -> None:
        """Return when there is such a path."""
        deadline = time.monotonic() + 180
        while not list(self.folder.glob(pattern)):
            assert time.monotonic() < deadline, self.text()
            assert self.process.poll() is None, self.text()
            time.sleep(0.01)

    def left(self) -> list[psutil.Process]:
        """Processes that have to do with the project."""
        found = [each for each in psutil.process_iter(["cwd", "cmdline"]) if each.pid != self.process.pid]
        return [each for each in found if str(self.kept) in f"{each.info['cwd']} {each.info['cmdline']}"]


def test_open_keeps_it_running_until_ctrl_c_and_keep_leaves_the_project(demo: Demo) -> None:
    gateway = await_gateway(demo.process, demo.printed)
    assert httpx.get(f"{gateway}/health").status_code == 200
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == 0, demo.text()
    assert "Stopped everything it started" in demo.text()
    assert demo.left() == []
    assert "src/backend/gateway/app.py" in files(demo.kept)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_ended_while_it_scaffolds_leaves_nothing(demo: Demo, by: signal.Signals) -> None:
    demo.await_path(".slipway-*")
    demo.process.send_signal(by)
    assert demo.process.wait(60) == 130, demo.text()
    assert demo.text().splitlines()[-1] == "Interrupted: nothing is proved."
    assert [path.name for path in demo.folder.iterdir()] == ["printed"]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_ended_while_the_application_starts_stops_all_of_it(demo: Demo, by: signal.Signals) -> None:
    demo.await_path("kept-app/.data/lock")
    assert demo.left() != []
    demo.process.send_signal(by)
    demo.process.send_signal(by)
    assert demo.process.wait(60) == 130, demo.text()
    assert "Stopped everything it started" in demo.text()
    assert demo.text().splitlines()[-1] == "Interrupted: nothing is proved."
    assert demo.left() == []


def test_a_name_that_cannot_be_a_slug_is_refused_in_plain_words(tmp_path: Path) -> None:
    demo = run(sys.executable, "-m", "toolkit.demo", "--keep", tmp_path / "json", cwd=ROOT)
    assert demo.returncode == 1
    assert demo.stdout.splitlines()[-1].startswith('The demo failed: project_slug: "json" is a name that Python')
    assert list(tmp_path.iterdir()) == []


def test_the_folder_to_keep_is_that_of_whoever_calls(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.txt").write_text("precious")
    command = (sys.executable, ROOT / "noxfile.py", "-s", "demo", "--", "--keep", "mine")
    assert f"{tmp_path}/mine exists and is not an empty folder" in run(*command, cwd=tmp_path).stdout


def await_gateway(demo: subprocess.Popen[bytes], printed: Path) -> str:
    """The address that the demo says it stays open at."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and demo.poll() is None:
        text = re.sub(r"\s+", " ", printed.read_text(encoding="utf-8"))
        if found := re.search(r"Running at (http://[\w.:]+) from", text):
            return found.group(1)
        time.sleep(0.1)
    raise AssertionError(printed.read_text(encoding="utf-8"))


def test_it_does_not_write_into_a_folder_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    demo = run(sys.executable, "-m", "toolkit.demo", "--keep", tmp_path, cwd=ROOT)
    assert demo.returncode == 1
    assert "is not an empty folder" in demo.stdout
    assert files(tmp_path) == ["mine.txt"]


def test_the_proof_fails_where_nothing_answers() -> None:
    with pytest.raises(ProofFailedError, match=r"no answer from http://127\.0\.0\.1:9"):
        prove("http://127.0.0.1:9")


def test_the_proof_fails_on_another_status_than_expected(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        port = re.findall(r"port (\d+)", (server.stdout.readline() if server.stdout else ""))[0]
        with pytest.raises(ProofFailedError, match="GET /health answered 404 instead of 200"):
            prove(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.communicate()
