"""The demo: what it leaves with --keep, that --open stays until Ctrl-C, and that it cannot pass when nothing works."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.support import ROOT, files, run
from toolkit.application import environment
from toolkit.proof import ProofFailedError, prove


def test_open_keeps_it_running_until_ctrl_c_and_keep_leaves_the_project(tmp_path: Path) -> None:
    kept, printed = tmp_path / "kept-app", tmp_path / "printed"
    with printed.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "toolkit.demo", "--keep", str(kept), "--open"],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    gateway = await_gateway(demo, printed)
    assert httpx.get(f"{gateway}/health").status_code == 200
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 0, printed.read_text(encoding="utf-8")
    assert "Stopped everything it started" in printed.read_text(encoding="utf-8")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{gateway}/health")
    assert "src/backend/gateway/app.py" in files(kept)


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
