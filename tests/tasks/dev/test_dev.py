"""`dev`, run for real on a project of two small services: it starts in order, and nothing of it outlives it."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tasks.core.log_lines import render
from tasks.core.watching import concerned
from tasks.project import setup
from tasks.project.data_folder import DataFolder
from tasks.project.env_file import is_secret
from tests.tasks.requirements import on_small_disk, terminal
from tests.tasks.small_project import TIMEOUT_SECONDS, Dev, get, is_alive, until
from tests.tasks.users import ORDINARY

# Makes standard input the controlling terminal, as a window's shell has it, and becomes the command.
OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
# Starts the command as a session does.
SESSION = "import os, subprocess, sys; os.environ['SLIPWAY_SESSION'] = str(os.getpid()); subprocess.run(sys.argv[1:])"

Start = Callable[..., Dev]


@pytest.fixture
def start(small: Path) -> Iterator[Start]:
    """Starts `dev` in the small project; whatever is left of it in the end is killed."""
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
    """Where the embedded PostgreSQL is."""
    return str(json.loads((project / ".data" / "servers.json").read_text())["database_url"])


def edit(project: Path, name: str, old: str, new: str) -> None:
    path = project / "src" / "backend" / name
    path.write_text(path.read_text().replace(old, new))


def test_everything_starts_in_order_and_answers_and_a_second_run_finds_the_data(start: Start, small: Path) -> None:
    dev = start()
    about = dev.ready()
    order = [f"{name} │ ready" for name in ("PostgreSQL", "Valkey    ", "migrations", "alpha     ", "gateway   ")]
    places = [dev.text().index(line) for line in order]
    assert places == sorted(places)
    assert [line for line in dev.text().splitlines() if "FATAL" in line or "WARNING" in line] == []
    assert get(about["url"]) == "gateway one"
    assert about["servers"]["PostgreSQL"]["version"]
    with psycopg.connect(database_url(small)) as connection:
        connection.execute("INSERT INTO notes VALUES ('kept')")
    assert dev.stop(signal.SIGINT) == 0
    assert "Traceback" not in dev.text()
    assert dev.left() == []
    assert not (small / ".data" / "dev.json").exists()
    again = start()
    again.ready()
    with psycopg.connect(database_url(small)) as connection:
        assert connection.execute("SELECT text FROM notes").fetchall() == [("kept",)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(start: Start, number: signal.Signals) -> None:
    dev = start()
    dev.ready()
    assert dev.stop(number) == 0
    assert "Traceback" not in dev.text()
    assert dev.left() == []


def test_killed_while_starting_leaves_nothing(start: Start) -> None:
    dev = start()
    dev.said("PostgreSQL │ starting")
    dev.process.kill()
    dev.ended()
    assert dev.left() == []


def test_killed_with_sigkill_it_leaves_nothing_and_starts_again_at_once(start: Start) -> None:
    dev = start()
    dev.ready()
    family = dev.family()
    dev.process.kill()
    dev.ended()
    again = start()
    assert get(again.ready()["url"]) == "gateway one"
    assert [process for process in family if is_alive(process)] == []


def test_what_survives_dev_and_its_guardian_is_ended_by_the_next_dev(start: Start, small: Path) -> None:
    dev = start()
    about = dev.ready()
    family = dev.family()
    guardian, *_ = json.loads((small / ".data" / "processes.json").read_text())
    os.kill(guardian[0], signal.SIGKILL)
    dev.process.kill()
    dev.ended()
    assert psutil.pid_exists(about["servers"]["PostgreSQL"]["pid"])
    again = start()
    again.ready()
    assert [process for process in family if is_alive(process)] == []


def test_a_second_dev_says_that_one_runs_and_where(start: Start, given: dict[str, str]) -> None:
    first = start(**given)
    about = first.ready()
    second = start(**given)
    assert second.ended() == 1
    assert about["url"] in second.text()
    assert str(first.process.pid) in second.text()
    assert len(second.text().splitlines()) == 2
    assert get(about["url"]) == "gateway one"


def test_a_second_dev_that_may_reuse_the_first_waits_until_that_one_is_ready(
    start: Start, given: dict[str, str]
) -> None:
    first = start(**given)
    until((first.project / ".data" / "owner.json").exists)
    second = start(arguments=("--reuse",), **given)
    assert second.ended() == 0, second.text()
    about = first.ready()
    assert second.text() == f"Ready in `nox -s dev` (process {first.process.pid}): {about['url']}\n"
    assert get(about["url"]) == "gateway one"


def test_a_second_dev_that_may_reuse_the_first_tells_when_that_one_ends(start: Start, small: Path) -> None:
    first = start(REDIS_URL="redis://127.0.0.1:9/0")
    until((small / ".data" / "owner.json").exists)
    second = start(arguments=("--reuse",))
    assert second.ended() == 1
    assert second.text() == f"`nox -s dev` (process {first.process.pid}) ended before it was ready; it says why.\n"


def test_another_session_that_uses_the_data_is_named(start: Start, small: Path) -> None:
    with DataFolder(small / ".data").owned("db"):
        dev = start()
        assert dev.ended() == 1
    assert dev.text() == f"`nox -s db` (process {os.getpid()}) uses this project's data; end it and try again.\n"


def test_a_port_that_is_taken_is_replaced_by_a_free_one(start: Start, small: Path, given: dict[str, str]) -> None:
    usual = int((small / ".env.example").read_text().split("GATEWAY_PORT=")[1].split()[0])
    with socket.create_server(("127.0.0.1", usual)):
        dev = start(**given)
        about = dev.ready()
    assert f"Port {usual} is taken: gateway listens on {about['services']['gateway']['port']} instead." in dev.text()
    assert get(about["url"]) == "gateway one"


def test_two_services_on_one_port_are_told(start: Start, small: Path) -> None:
    (small / ".env.local").write_text("GATEWAY_PORT=8123\nALPHA_PORT=8123\n")
    dev = start()
    assert dev.ended() == 1
    said = "ALPHA_PORT and GATEWAY_PORT are both 8123; give each a port of its own in .env.local.\n"
    assert dev.text().endswith(said)


def test_a_service_whose_port_the_example_does_not_have_is_told(
    start: Start, small: Path, given: dict[str, str]
) -> None:
    example = small / ".env.example"
    example.write_text("".join(line for line in example.read_text().splitlines(True) if "ALPHA_PORT" not in line))
    dev = start(**given)
    port = dev.ready()["services"]["alpha"]["port"]
    assert f".env.example has no ALPHA_PORT: alpha listens on {port}, which is free." in dev.text()


def test_a_misspelt_setting_is_told(start: Start, small: Path, given: dict[str, str]) -> None:
    (small / ".env.local").write_text("GATEWEY_PORT=8123\nREGISTRY=mirror.example.com\n")
    dev = start(**given)
    dev.ready()
    assert ".env.local has GATEWEY_PORT, which nothing reads; is GATEWAY_PORT meant?\n" in dev.text()
    assert "REGISTRY" not in dev.text()


def test_it_ends_when_its_terminal_goes_away(start: Start, given: dict[str, str]) -> None:
    ours, theirs = terminal()
    dev = start(sys.executable, "-c", OWN_TERMINAL, stdin=theirs, stdout=theirs, **given)
    os.close(theirs)
    shown = b""
    while b"Ready in" not in shown:
        assert select.select([ours], [], [], TIMEOUT_SECONDS)[0], shown
        shown += os.read(ours, 65536)
    assert b"\x1b[" in shown
    os.close(ours)
    dev.ended()
    assert dev.left() == []


def test_it_ends_when_nobody_reads_it_any_more(start: Start, given: dict[str, str]) -> None:
    reader, writer = os.pipe()
    dev = start(stdout=writer, **given)
    os.close(writer)
    dev.ready()
    os.close(reader)
    get(json.loads((dev.project / ".data" / "dev.json").read_text())["url"])
    dev.ended()
    assert dev.left() == []


def test_it_ends_with_the_nox_that_started_it(start: Start, given: dict[str, str]) -> None:
    dev = start(sys.executable, "-c", SESSION, **given)
    dev.ready()
    dev.process.kill()
    dev.ended()
    assert dev.left() == []


def test_the_crash_of_a_service_ends_everything_and_is_named(start: Start, given: dict[str, str]) -> None:
    dev = start(**given)
    about = dev.ready()
    get(about["services"]["alpha"]["url"])
    os.kill(about["services"]["alpha"]["pid"], signal.SIGKILL)
    assert dev.ended() == 1
    assert "alpha: has ended by itself (SIGKILL):\n" in dev.text()
    assert '"request_id": "r-1"' in dev.text().rpartition("has ended by itself")[2]
    assert dev.left() == []


def test_the_crash_of_a_server_ends_everything_and_is_named(start: Start) -> None:
    dev = start()
    about = dev.ready()
    os.kill(about["servers"]["Valkey"]["pid"], signal.SIGKILL)
    assert dev.ended() == 1
    assert "Valkey: has ended by itself (SIGKILL):" in dev.text()
    assert "overcommit" not in dev.text()
    assert dev.left() == []


def test_a_service_that_does_not_start_is_named_with_its_last_words(
    start: Start, small: Path, given: dict[str, str]
) -> None:
    (small / "src/backend/alpha/__main__.py").write_text("import sys\nsys.exit('ALPHA_COLOUR is missing.')\n")
    dev = start(**given)
    assert dev.ended() == 1
    assert dev.text().endswith("alpha: did not start (exit code 1):\nALPHA_COLOUR is missing.\n")
    assert dev.left() == []


def test_a_change_restarts_its_service_and_one_in_shared_restarts_all(
    start: Start, small: Path, given: dict[str, str]
) -> None:
    dev = start(**given)
    before = dev.ready()["services"]
    edit(small, "alpha/__main__.py", "alpha one", "alpha two")
    dev.said("Code changed: starting again alpha.")
    until(lambda: get(before["alpha"]["url"]) == "alpha two")
    assert json.loads((small / ".data" / "dev.json").read_text())["services"]["gateway"] == before["gateway"]
    edit(small, "shared/serving.py", "answer.encode()", "answer.upper().encode()")
    dev.said("Code changed: starting again alpha, gateway.")
    until(lambda: get(before["alpha"]["url"]) == "ALPHA TWO")
    until(lambda: get(before["gateway"]["url"]) == "GATEWAY ONE")
    assert dev.stop() == 0
    assert dev.left() == []


def test_a_changed_migration_is_told_and_restarts_nothing(start: Start, small: Path, given: dict[str, str]) -> None:
    dev = start(**given)
    dev.ready()
    versions = small / "src" / "backend" / "shared" / "migrations" / "versions"
    (versions / "0002_more.py").write_text((versions / "0001_notes.py").read_text())
    said = dev.said("Migrations changed; this applies what the database lacks: nox -s migrate")
    assert "Code changed" not in said


def test_where_changes_cannot_be_seen_that_is_told_and_everything_runs(
    start: Start, tmp_path: Path, given: dict[str, str]
) -> None:
    limit = "import watchfiles\ndef awatch(*_, **__): raise OSError('limit reached')\nwatchfiles.awatch = awatch\n"
    (tmp_path / "limited").mkdir()
    (tmp_path / "limited" / "sitecustomize.py").write_text(limit)
    dev = start(**given, PYTHONPATH=str(tmp_path / "limited"))
    about = dev.ready()
    dev.said("Code changes are not seen (limit reached); WATCHFILES_FORCE_POLLING=true may help.")
    assert get(about["url"]) == "gateway one"
    assert dev.stop() == 0


def test_code_that_does_not_start_waits_for_the_next_change(start: Start, small: Path, given: dict[str, str]) -> None:
    dev = start(**given)
    about = dev.ready()
    edit(small, "alpha/__main__.py", "serve(", "serve((")
    dev.said("waiting for the next change of the code")
    assert "SyntaxError" in dev.text()
    assert get(about["url"]) == "gateway one"
    edit(small, "alpha/__main__.py", "serve((", "serve(")
    until(lambda: get(about["services"]["alpha"]["url"]) == "alpha one")
    assert dev.stop() == 0


def test_log_lines_are_rendered_with_a_prefix_and_others_pass(start: Start, given: dict[str, str]) -> None:
    dev = start(**given)
    get(dev.ready()["url"])
    line = next(line for line in dev.said("path=/ ").splitlines() if "path=/ " in line)
    assert line.startswith("gateway    │ ")
    assert line.endswith("INFO     request path=/ [r-1]")
    assert "\x1b" not in dev.text()


def test_what_clients_send_cannot_move_the_terminals_cursor() -> None:
    line = render(json.dumps({"event": "request", "level": "info", "path": "/\x1b[2J\r\n", "request_id": "\x9b1m"}))
    assert line.plain.endswith("INFO     request path=/\\x1b[2J\\r\\n [\\x9b1m]")


def test_an_exception_is_shown_line_by_line() -> None:
    frames = [{"filename": "app.py", "lineno": 3, "name": "start"}]
    exception = [{"exc_type": "ValueError", "exc_value": "no", "frames": frames}]
    line = render(json.dumps({"event": "failed", "level": "error", "exception": exception}))
    assert line.plain.splitlines()[1:] == ["  app.py:3 in start", "  ValueError: no"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (["auth/app.py"], ["auth"]),
        (["auth/app.py", "gateway/x/y.py"], ["auth", "gateway"]),
        (["shared/http.py"], ["auth", "projects", "gateway"]),
        (["auth/app.py", "shared/http.py"], ["auth", "projects", "gateway"]),
    ],
)
def test_a_change_concerns_its_service_or_all(changed: list[str], expected: list[str]) -> None:
    backend = Path("/project/src/backend")
    assert concerned(backend, ["auth", "projects", "gateway"], [backend / path for path in changed]) == expected


def test_a_migration_that_fails_is_told_and_nothing_runs(start: Start, small: Path) -> None:
    edit(small, "shared/migrations/versions/0001_notes.py", "(text text)", "(text nonsense)")
    dev = start()
    assert dev.ended() == 1
    assert "Migration 0001 failed in upgrade()" in dev.text().rpartition("migrations: failed")[2]
    assert "Traceback" not in dev.text()
    assert dev.left() == []


def test_a_broken_env_local_is_told_by_its_line(start: Start, small: Path) -> None:
    (small / ".env.local").write_text("APP_NAME=Small\nhunter2 = 'x\n")
    dev = start()
    assert dev.ended() == 1
    assert dev.text() == ".env.local, line 2: not of the form NAME=value; correct that line.\n"


def test_a_link_in_place_of_env_local_that_leads_nowhere_is_told(start: Start, small: Path) -> None:
    (small / ".env.local").symlink_to(".env.local")
    dev = start()
    assert dev.ended() == 1
    assert dev.text() == f"{small / '.env.local'} is a link that leads nowhere; remove it, then: nox -s setup\n"


def test_a_wrong_port_is_told_by_the_settings_name(start: Start, small: Path) -> None:
    (small / ".env.local").write_text("APP_NAME=Small\nSIGNING_KEY=x\nGATEWAY_PORT=eighty\n")
    dev = start()
    assert dev.ended() == 1
    assert dev.text().endswith("GATEWAY_PORT is not a port: set it to a number from 1 to 65535 in .env.local.\n")
    assert "stopped" not in dev.text()
    assert dev.left() == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://me:hunter2@127.0.0.1:9/app", "Cannot reach the database at 127.0.0.1:9: Connection refused"),
        ("postgresql://me:hunter2%zz@127.0.0.1/app", "is not a URL of the form"),
        ("me:hunter2", "is not a URL of the form"),
    ],
)
def test_a_database_url_that_leads_nowhere_is_told_without_its_password(
    start: Start, given: dict[str, str], url: str, reason: str
) -> None:
    dev = start(**{**given, "DATABASE_URL": url})
    assert dev.ended() == 1
    assert f"DATABASE_URL: {reason}" in dev.text().replace("DATABASE_URL is", "DATABASE_URL: is")
    assert "hunter2" not in dev.text()
    assert "stopped" not in dev.text()
    assert "Traceback" not in dev.text()


@pytest.mark.parametrize("setting", ["DATABASE_URL", "REDIS_URL"])
def test_a_server_that_refuses_the_password_is_not_said_to_be_away(
    start: Start, given: dict[str, str], setting: str
) -> None:
    dev = start(**{**given, setting: re.sub(r":[^:@]*@", ":hunter2@", given[setting])})
    assert dev.ended() == 1
    assert f"{setting}: The " in dev.text()
    assert " refuses: " in dev.text()
    assert "hunter2" not in dev.text()


def test_servers_in_the_environment_are_used_instead(start: Start, given: dict[str, str]) -> None:
    about = start(**given).ready()
    assert [server["pid"] for server in about["servers"].values()] == [None, None]


def test_an_ordinary_user_can_run_it(start: Start, small: Path, ordinary_user: list[str]) -> None:
    if ordinary_user:
        for path in [small, *small.rglob("*")]:
            os.chown(path, ORDINARY, ORDINARY, follow_symlinks=False)
    dev = start(*ordinary_user, HOME=str(small))
    assert get(dev.ready()["url"]) == "gateway one"
    assert psutil.Process(dev.process.pid).uids().real != 0
    assert dev.stop() == 0
    assert dev.left() == []


def test_a_folder_that_cannot_be_written_to_is_told(start: Start, small: Path, ordinary_user: list[str]) -> None:
    small.chmod(0o555)
    dev = start(*ordinary_user, HOME=str(small))
    assert dev.ended() == 1
    assert f"Cannot write to {small / '.data'}: Permission denied." in dev.text()
    assert len(dev.text().splitlines()) == 2


@pytest.mark.usefixtures("as_root")
def test_root_in_an_ordinary_container_can_run_it(start: Start) -> None:
    capabilities = "chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,sys_chroot,setfcap"
    limited = "--bounding-set=-all," + ",".join(f"+{name}" for name in capabilities.split(","))
    dev = start("setpriv", limited)
    assert get(dev.ready()["url"]) == "gateway one"
    assert dev.stop() == 0
    assert dev.left() == []


@pytest.mark.usefixtures("as_root")
def test_a_disk_without_room_is_told(start: Start, small: Path) -> None:
    (small / ".data").mkdir()
    dev = start(*on_small_disk(small / ".data", megabytes=30))
    assert dev.ended() == 1
    assert "the disk is full" in dev.text()
    assert "Traceback" not in dev.text()


def test_the_real_application_answers_through_its_gateway(project: Path) -> None:
    dev = Dev(project)
    try:
        about = dev.ready()
        assert set(about["services"]) == {"auth", "gateway", "projects"}
        assert '"status":"ok"' in get(f"{about['url']}/health/detailed")
        assert dev.stop() == 0
        assert "Traceback" not in dev.text()
        assert dev.left() == []
    finally:
        dev.kill()


def test_a_wrong_setting_is_told_by_its_name_and_a_secret_is_not_shown(project: Path) -> None:
    example = (project / ".env.example").read_text()
    secrets = [line[:-1] for line in example.splitlines() if is_secret(line)]
    (project / ".env.local").write_text(example.replace("=\n", "=hunter2\n"))
    dev = Dev(project)
    try:
        assert dev.ended() == 1
        assert any(secret in dev.text() for secret in secrets)
        assert "hunter2" not in dev.text()
        assert "Traceback" not in dev.text()
        assert dev.left() == []
    finally:
        dev.kill()


def test_a_setting_that_the_example_lacks_is_told_to_be_added_there(project: Path) -> None:
    place = project / "src" / "backend" / "gateway" / "settings.py"
    text = place.read_text()
    planted = text.replace("    gateway_port: Port = 8000\n", "    notes_url: str\n    gateway_port: Port = 8000\n")
    assert planted != text
    place.write_text(planted)
    dev = Dev(project)
    try:
        assert dev.ended() == 1
        assert "NOTES_URL: missing" in dev.text()
        assert "Add to .env.example, from which .env.local is completed: NOTES_URL.\n" in dev.text()
    finally:
        dev.kill()


def test_a_value_that_the_application_refuses_is_told_before_any_server_starts(project: Path) -> None:
    setup.complete(project)
    with (project / ".env.local").open("a") as file:
        file.write("ACCESS_TOKEN_LIFETIME=abc\nLOG_LEVEL=loud\n")
    dev = Dev(project)
    try:
        assert dev.ended() == 1
        assert len(dev.text().splitlines()) == 2
        for name in ("ACCESS_TOKEN_LIFETIME", "LOG_LEVEL"):
            assert f"{name} (.env.local): Input should be" in dev.text()
        assert not (project / ".data" / "postgres").exists()
        assert dev.left() == []
    finally:
        dev.kill()
