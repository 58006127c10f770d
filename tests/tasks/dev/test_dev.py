"""`dev` as a process in a project of two small services: its start, its end, and that nothing outlives it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.tasks.requirements import on_small_disk, terminal
from tests.tasks.small_project import TIMEOUT_SECONDS, Dev, get, is_alive, until
from tests.tasks.users import ORDINARY

# Makes standard input the controlling terminal, as a window's shell does, and becomes the command.
OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
# Starts the command as a session does.
SESSION = "import os, subprocess, sys; os.environ['SLIPWAY_SESSION'] = str(os.getpid()); subprocess.run(sys.argv[1:])"
WITHOUT_WATCHING = (
    "import watchfiles\ndef awatch(*_, **__): raise OSError('limit reached')\nwatchfiles.awatch = awatch\n"
)
UNREACHABLE = "redis://:hunter2@127.0.0.1:9/0"

Start = Callable[..., Dev]


@pytest.fixture
def start(small: Path) -> Iterator[Start]:
    """Starts `dev` in the small project, and kills what remains of it in the end."""
    started: list[Dev] = []

    def start(
        *wrapper: str,
        arguments: tuple[str, ...] = (),
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
        **settings: str,
    ) -> Dev:
        started.append(Dev(small, *wrapper, arguments=arguments, stdin=stdin, stdout=stdout, settings=settings))
        return started[-1]

    yield start
    for dev in started:
        dev.kill()


def database_url(project: Path) -> str:
    """The URL of the embedded PostgreSQL."""
    return str(json.loads((project / ".data" / "servers.json").read_text())["database_url"])


def test_dev_starts_in_order_and_keeps_the_data(start: Start, small: Path) -> None:
    dev = start()
    about = dev.ready()
    order = [f"{name} │ ready" for name in ("PostgreSQL", "Valkey    ", "migrations", "alpha     ", "gateway   ")]
    positions = [dev.text().index(line) for line in order]
    assert positions == sorted(positions)
    assert [line for line in dev.text().splitlines() if "FATAL" in line or "WARNING" in line] == []
    assert get(about["url"]) == "gateway one"
    assert about["servers"]["PostgreSQL"]["version"]
    with psycopg.connect(database_url(small)) as connection:
        connection.execute("INSERT INTO notes VALUES ('kept')")
    assert dev.stop(signal.SIGINT) == 0
    assert "Traceback" not in dev.text()
    assert dev.leftovers() == []
    assert not (small / ".data" / "dev.json").exists()
    again = start()
    again.ready()
    with psycopg.connect(database_url(small)) as connection:
        assert connection.execute("SELECT text FROM notes").fetchall() == [("kept",)]
    assert again.stop(signal.SIGTERM) == 0
    assert "Traceback" not in again.text()
    assert again.leftovers() == []


def test_dev_that_is_killed_while_starting_leaves_nothing(start: Start) -> None:
    dev = start()
    dev.wait_for("PostgreSQL │ starting")
    dev.process.kill()
    dev.exit_code()
    assert dev.leftovers() == []


@pytest.mark.usefixtures("initialised")
def test_dev_starts_at_once_after_kills_and_ends_what_survived_them(start: Start, small: Path) -> None:
    first = start()
    first.ready()
    first_family = first.family()
    first.process.kill()
    first.exit_code()
    second = start()
    about = second.ready()
    assert get(about["url"]) == "gateway one"
    assert [process for process in first_family if is_alive(process)] == []
    second_family = second.family()
    watchdog, *_ = json.loads((small / ".data" / "processes.json").read_text())
    os.kill(watchdog[0], signal.SIGKILL)
    second.process.kill()
    second.exit_code()
    assert psutil.pid_exists(about["servers"]["PostgreSQL"]["pid"])
    third = start()
    third.ready()
    assert [process for process in second_family if is_alive(process)] == []
    assert third.stop(signal.SIGHUP) == 0
    assert "Traceback" not in third.text()
    assert third.leftovers() == []


def test_reuse_waits_until_the_first_dev_is_ready(start: Start, given: dict[str, str]) -> None:
    first = start(**given)
    until((first.project / ".data" / "owner.json").exists)
    second = start(arguments=("--reuse",), **given)
    assert second.exit_code() == 0, second.text()
    about = first.ready()
    assert second.text() == f"Ready in `nox -s dev` (PID {first.process.pid}): {about['url']}\n"
    assert get(about["url"]) == "gateway one"


def test_dev_reports_a_server_that_does_not_answer(start: Start, given: dict[str, str]) -> None:
    dev = start(**{**given, "REDIS_URL": UNREACHABLE})
    assert dev.exit_code() == 1
    assert "REDIS_URL: No answer: " in dev.text()
    for unwanted in ("hunter2", "stopped", "Traceback"):
        assert unwanted not in dev.text()


def test_dev_ends_when_its_terminal_is_closed(start: Start, given: dict[str, str]) -> None:
    ours, theirs = terminal()
    dev = start(sys.executable, "-c", OWN_TERMINAL, stdin=theirs, stdout=theirs, **given)
    os.close(theirs)
    shown = b""
    while b"Ready in" not in shown:
        assert select.select([ours], [], [], TIMEOUT_SECONDS)[0], shown
        shown += os.read(ours, 65536)
    assert b"\x1b[" in shown
    os.close(ours)
    dev.exit_code()
    assert dev.leftovers() == []


def test_dev_ends_when_the_reader_of_its_output_has_gone(start: Start, given: dict[str, str]) -> None:
    reader, writer = os.pipe()
    dev = start(stdout=writer, **given)
    os.close(writer)
    about = dev.ready()
    os.close(reader)
    get(about["url"])
    dev.exit_code()
    assert dev.leftovers() == []


def test_dev_ends_with_the_nox_that_started_it(start: Start, given: dict[str, str]) -> None:
    dev = start(sys.executable, "-c", SESSION, **given)
    dev.ready()
    dev.process.kill()
    dev.exit_code()
    assert dev.leftovers() == []


def test_dev_runs_without_watching_and_ends_when_a_service_crashes(
    start: Start, tmp_path: Path, given: dict[str, str]
) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_WATCHING)
    dev = start(**given, PYTHONPATH=str(tmp_path))
    about = dev.ready()
    dev.wait_for("Cannot watch the code for changes (limit reached). Try again with WATCHFILES_FORCE_POLLING=true.")
    assert get(about["url"]) == "gateway one"
    get(about["services"]["alpha"]["url"])
    os.kill(about["services"]["alpha"]["pid"], signal.SIGKILL)
    assert dev.exit_code() == 1
    assert "alpha exited unexpectedly (SIGKILL):\n" in dev.text()
    assert '"request_id": "r-1"' in dev.text().rpartition("exited unexpectedly")[2]
    assert dev.leftovers() == []


def test_dev_ends_when_a_server_crashes(start: Start, given: dict[str, str]) -> None:
    dev = start(DATABASE_URL=given["DATABASE_URL"])
    about = dev.ready()
    os.kill(about["servers"]["Valkey"]["pid"], signal.SIGKILL)
    assert dev.exit_code() == 1
    assert "Valkey exited unexpectedly (SIGKILL):" in dev.text()
    assert "overcommit" not in dev.text()
    assert dev.leftovers() == []


def test_service_that_does_not_start_waits_for_the_next_change(
    start: Start, small: Path, given: dict[str, str]
) -> None:
    entry = small / "src/backend/alpha/__main__.py"
    works = entry.read_text()
    entry.write_text("import sys\nsys.exit('ALPHA_COLOUR is missing.')\n")
    dev = start(**given)
    dev.wait_for("alpha      │ failed: alpha did not start (exit code 1); waiting for the next change\n")
    assert "alpha      │ ALPHA_COLOUR is missing.\n" in dev.text()
    assert not (small / ".data" / "dev.json").exists()
    entry.write_text(works)
    about = dev.ready()
    assert get(about["services"]["alpha"]["url"]) == "alpha one"
    assert dev.text().count("Ready in") == 1
    assert dev.stop() == 0
    assert dev.leftovers() == []


def test_dev_reports_a_migration_that_fails_and_starts_no_service(
    start: Start, small: Path, given: dict[str, str]
) -> None:
    versions = small / "src/backend/shared/migrations/versions"
    text = (versions / "0001_notes.py").read_text().replace("None", '"0001"').replace('"0001"\ndown', '"0002"\ndown')
    (versions / "0002_broken.py").write_text(text.replace("(text text)", "(text nonsense)"))
    dev = start(**given)
    assert dev.exit_code() == 1
    assert "Migration 0002 failed in upgrade()" in dev.text().rpartition("migrations failed")[2]
    assert "alpha" not in dev.text()
    assert "Traceback" not in dev.text()
    assert dev.leftovers() == []


def test_dev_reports_the_line_of_a_broken_env_local(start: Start, small: Path) -> None:
    (small / ".env.local").write_text("APP_NAME=Small\nhunter2 = 'x\n")
    dev = start()
    assert dev.exit_code() == 1
    assert dev.text() == ".env.local, line 2: not of the form NAME=value. Correct that line.\n"


def test_dev_runs_for_an_ordinary_user(start: Start, initialised: Path, ordinary_user: list[str]) -> None:
    if ordinary_user:
        for path in [initialised, *initialised.rglob("*")]:
            os.chown(path, ORDINARY, ORDINARY, follow_symlinks=False)
    dev = start(*ordinary_user, HOME=str(initialised))
    assert get(dev.ready()["url"]) == "gateway one"
    assert psutil.Process(dev.process.pid).uids().real != 0
    assert dev.stop() == 0
    assert dev.leftovers() == []


def test_dev_reports_a_folder_that_it_cannot_write_to(start: Start, small: Path, ordinary_user: list[str]) -> None:
    small.chmod(0o555)
    dev = start(*ordinary_user, HOME=str(small))
    assert dev.exit_code() == 1
    assert f"Cannot write to {small / '.data'}: Permission denied." in dev.text()
    assert len(dev.text().splitlines()) == 2


@pytest.mark.usefixtures("as_root", "initialised")
def test_dev_runs_for_root_in_an_ordinary_container(start: Start) -> None:
    capabilities = "chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,sys_chroot,setfcap"
    limited = "--bounding-set=-all," + ",".join(f"+{name}" for name in capabilities.split(","))
    dev = start("setpriv", limited)
    assert get(dev.ready()["url"]) == "gateway one"
    assert dev.stop() == 0
    assert dev.leftovers() == []


@pytest.mark.usefixtures("as_root")
def test_dev_reports_a_full_disk(start: Start, small: Path) -> None:
    (small / ".data").mkdir()
    dev = start(*on_small_disk(small / ".data", megabytes=30))
    assert dev.exit_code() == 1
    assert "No space left on device" in dev.text() or "HINT:  Check free disk space." in dev.text()
    assert "Traceback" not in dev.text()
