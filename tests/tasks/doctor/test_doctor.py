"""`doctor`: what it shows, and when it fails."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.project import setup
from tests.support import run
from tests.tasks.requirements import engine, on_small_disk
from tests.tasks.small_project import Dev, environment


def doctor(project: Path, *wrapper: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [*wrapper, sys.executable, "-m", "tasks.doctor"]
    return subprocess.run(
        command, cwd=project, env=environment(**settings), capture_output=True, text=True, check=False
    )


def row(done: subprocess.CompletedProcess[str], subject: str) -> str:
    return next(line for line in done.stdout.splitlines() if line[1:].strip().startswith(subject))


def test_a_machine_that_has_everything_passes(small: Path) -> None:
    setup.complete(small)
    (small / ".pre-commit-config.yaml").write_text("repos: []\n")
    run("git", "init", "--quiet", cwd=small)
    setup.install_hooks(small)
    done = doctor(small)
    assert done.returncode == 0, done.stderr
    for subject in (
        "Python",
        "uv",
        "PostgreSQL",
        "Valkey",
        "disk",
        "project folder",
        "git ",
        ".env.local",
        "git hooks",
        "ports",
    ):
        assert row(done, subject).startswith("✓"), done.stdout


def test_what_dev_makes_itself_is_shown_and_no_failure(small: Path) -> None:
    done = doctor(small)
    assert done.returncode == 0
    assert row(done, ".env.local").split() == ["!", ".env.local", "missing", "nox", "-s", "setup"]


def test_a_setting_that_is_missing_is_named(small: Path) -> None:
    (small / ".env.local").write_text("APP_NAME=x\n")
    assert "lacks SIGNING_KEY" in row(doctor(small), ".env.local")


def test_a_port_that_is_taken_is_named(small: Path) -> None:
    usual = int((small / ".env.example").read_text().split("GATEWAY_PORT=")[1].split()[0])
    with socket.create_server(("127.0.0.1", usual)):
        assert f"taken: {usual} (gateway)" in row(doctor(small), "ports")


def test_an_environment_behind_its_lock_file_is_named(small: Path) -> None:
    (small / ".nox" / "lint").mkdir(parents=True)
    (small / ".nox" / "lint" / "requirements.sha256").write_text("of yesterday")
    assert "behind the lock files: lint" in row(doctor(small), "environments")


@pytest.mark.parametrize(
    ("subject", "settings"),
    [
        ("PostgreSQL", {"POSTGRES_BIN": "/nowhere"}),
        ("PostgreSQL", {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:9/app"}),
        ("Valkey", {"REDIS_URL": "redis://:hunter2@127.0.0.1:9/0"}),
    ],
)
def test_what_is_required_and_missing_is_a_failure(small: Path, subject: str, settings: dict[str, str]) -> None:
    done = doctor(small, **settings)
    assert done.returncode == 1
    assert row(done, subject).startswith("✗")
    assert subject in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("content", [b"APP_NAME\n", b"APP_NAME=\xff\n"])
def test_a_broken_env_local_is_a_failure_among_the_other_findings(small: Path, content: bytes) -> None:
    (small / ".env.local").write_bytes(content)
    done = doctor(small)
    assert done.returncode == 1
    assert row(done, ".env.local").startswith("✗")
    assert "line 1" in row(done, ".env.local")
    assert ".env.local" in done.stderr
    for subject in ("Python", "PostgreSQL", "Valkey", "disk"):
        assert row(done, subject).startswith("✓"), done.stdout
    assert row(done, "environments")


def test_a_link_that_leads_nowhere_is_a_failure(small: Path) -> None:
    (small / ".env.local").symlink_to(".env.local")
    done = doctor(small)
    assert done.returncode == 1
    assert row(done, ".env.local").startswith("✗")
    assert "Traceback" not in done.stderr


def test_a_port_that_is_none_is_a_failure(small: Path) -> None:
    done = doctor(small, GATEWAY_PORT="many")
    assert done.returncode == 1
    assert row(done, "ports").startswith("✗")


@pytest.mark.parametrize(
    ("line", "found"),
    [("APP_TITLE=x", "not in .env.example: APP_TITLE"), ("APP_NAME=x", "given twice: APP_NAME")],
)
def test_a_setting_that_is_mistyped_or_given_twice_is_named(small: Path, line: str, found: str) -> None:
    setup.complete(small)
    with (small / ".env.local").open("a") as file:
        file.write(f"{line}\n")
    done = doctor(small)
    assert done.returncode == 0
    assert row(done, ".env.local").startswith("!")
    assert found in row(done, ".env.local")


def test_a_folder_that_cannot_be_written_to_is_a_failure(small: Path, ordinary_user: list[str]) -> None:
    small.chmod(0o555)
    done = doctor(small, *ordinary_user)
    small.chmod(0o755)
    assert done.returncode == 1
    assert row(done, "project folder").startswith("✗")
    assert "project folder" in done.stderr


def test_a_disk_without_room_is_a_failure(small: Path) -> None:
    (small / ".data").mkdir()
    done = doctor(small, *on_small_disk(small / ".data", megabytes=30))
    assert done.returncode == 1
    assert "free 200 MB" in row(done, "disk")


@pytest.mark.usefixtures("as_root")
def test_root_that_cannot_be_left_is_a_failure_and_missing_tools_are_named(small: Path) -> None:
    done = doctor(small, PATH="/nowhere")
    assert done.returncode == 1
    assert row(done, "not as root").startswith("✗")
    for tool in ("git", "docker", "node"):
        assert "missing" in row(done, tool)
        assert tool not in done.stderr


def test_hooks_that_are_not_installed_are_named(small: Path) -> None:
    run("git", "init", "--quiet", cwd=small)
    assert row(doctor(small), "git hooks").split() == ["!", "git", "hooks", "missing", "nox", "-s", "setup"]


def test_a_running_dev_is_shown(small: Path, given: dict[str, str]) -> None:
    dev = Dev(small, settings=given)
    try:
        assert dev.ready()["url"] in row(doctor(small), "dev")
        dev.stop()
    finally:
        dev.kill()


def test_the_docker_engine_and_compose_are_shown(small: Path) -> None:
    engine()
    assert re.search(r"^✓ +docker +Engine \d+\.\d+.*, Compose \d+\.\d+", row(doctor(small), "docker"))


def test_an_engine_that_does_not_answer_is_shown_and_no_failure(small: Path) -> None:
    engine()
    done = doctor(small, DOCKER_HOST="unix:///nowhere.sock")
    assert done.returncode == 0
    assert re.search(r"^! +docker +cannot be used .* No Docker Engine answers at", row(done, "docker"))


def test_a_docker_without_its_plugins_is_shown_with_what_gets_them(small: Path) -> None:
    docker = small / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\nexit 1\n")
    docker.chmod(0o755)
    done = doctor(small, PATH=f"{docker.parent}:{os.environ['PATH']}")
    assert done.returncode == 0
    found, _, remedy = row(done, "docker").partition("Docker's Compose")
    assert found.split()[:5] == ["!", "docker", "cannot", "be", "used"]
    assert remedy
    assert "docker-compose-plugin" not in found


@pytest.mark.parametrize("place", ["file", "environment"])
def test_a_value_that_the_application_refuses_is_a_failure(project: Path, place: str) -> None:
    setup.complete(project)
    with (project / ".env.local").open("a") as file:
        file.write("ACCESS_TOKEN_LIFETIME=abc\n" if place == "file" else "")
    done = doctor(project, **({} if place == "file" else {"ACCESS_TOKEN_LIFETIME": "abc"}))
    assert done.returncode == 1
    assert row(done, ".env.local").startswith("✗")
    assert "wrong: ACCESS_TOKEN_LIFETIME" in row(done, ".env.local")
    assert "ACCESS_TOKEN_LIFETIME (" in done.stdout
    assert ".env.local" in done.stderr


def test_the_values_that_setup_writes_are_accepted(project: Path) -> None:
    setup.complete(project)
    assert row(doctor(project), ".env.local").split()[:3] == ["✓", ".env.local", "complete"]


def test_settings_whose_classes_cannot_be_read_are_shown_as_not_checked(project: Path) -> None:
    setup.complete(project)
    (project / "src/backend/projects/settings.py").write_text("this is no Python\n")
    assert row(doctor(project), ".env.local").split()[:5] == ["!", ".env.local", "cannot", "be", "checked"]
