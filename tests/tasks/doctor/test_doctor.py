"""`doctor`: what it shows, and when it fails."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.doctor.command import file_system, main
from tasks.project import setup
from tests.support import run
from tests.tasks.command import call
from tests.tasks.requirements import engine, on_small_disk
from tests.tasks.small_project import Dev, environment


def doctor(project: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return call(main, project, **settings)


def wrapped(project: Path, *wrapper: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`doctor` in a process, behind a command that restricts it."""
    command = [*wrapper, sys.executable, "-m", "tasks", "doctor"]
    return subprocess.run(
        command, cwd=project, env=environment(**settings), capture_output=True, text=True, check=False
    )


def row(done: subprocess.CompletedProcess[str], subject: str) -> str:
    return next(line for line in done.stdout.splitlines() if line[1:].strip().startswith(subject))


def test_a_complete_machine_and_project_pass(small: Path) -> None:
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
    assert "file system" not in done.stdout


def test_a_hook_with_the_path_of_a_worktree_is_a_warning(small: Path) -> None:
    run("git", "init", "--quiet", cwd=small)
    hook = small / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nINSTALL_PYTHON=/gone/.nox/setup/bin/python\n")
    found = row(doctor(small), "git hooks").split()
    assert found == ["!", "git", "hooks", "out", "of", "date", "nox", "-s", "setup"]


def test_a_repository_of_another_user_is_a_warning_with_the_command(small: Path) -> None:
    run("git", "init", "--quiet", cwd=small)
    done = doctor(small, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert f"git config --global --add safe.directory {small}" in done.stdout.replace("\n", " "), done.stdout
    assert "git init" not in done.stdout


def test_what_setup_would_fix_is_a_warning(small: Path) -> None:
    run("git", "init", "--quiet", cwd=small)
    done = doctor(small)
    assert done.returncode == 0
    assert row(done, ".env.local").split() == ["!", ".env.local", "missing", "nox", "-s", "setup"]
    assert row(done, "git hooks").split() == ["!", "git", "hooks", "missing", "nox", "-s", "setup"]
    run("git", "config", "core.hooksPath", "elsewhere", cwd=small)
    assert row(doctor(small), "git hooks").startswith("!")


def test_a_missing_setting_a_port_in_use_and_a_stale_environment_are_named(small: Path) -> None:
    (small / ".env.local").write_text("APP_NAME=x\n")
    (small / ".nox" / "lint").mkdir(parents=True)
    (small / ".nox" / "lint" / "requirements.sha256").write_text("of yesterday")
    (small / ".venv").mkdir()
    (small / ".venv" / "requirements.sha256").write_text("of yesterday")
    usual = int((small / ".env.example").read_text().split("GATEWAY_PORT=")[1].split()[0])
    with socket.create_server(("127.0.0.1", usual)):
        done = doctor(small)
    assert "lacks SIGNING_KEY" in row(done, ".env.local")
    assert f"in use: {usual} (gateway)" in row(done, "ports")
    assert "stale: lint, .venv" in row(done, "environments")
    assert "nox -N --install-only -s lint && nox -s editor" in row(done, "environments")


@pytest.mark.parametrize(
    "settings",
    [
        {"POSTGRES_BIN": "/nowhere", "REDIS_URL": "redis://:hunter2@127.0.0.1:9/0"},
        {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:9/app", "GATEWAY_PORT": "many"},
    ],
)
def test_what_is_required_and_missing_is_a_failure(small: Path, settings: dict[str, str]) -> None:
    done = doctor(small, **settings)
    assert done.returncode == 1
    for subject in ("PostgreSQL", "Valkey" if "REDIS_URL" in settings else "ports"):
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


def test_a_broken_link_is_a_failure(small: Path) -> None:
    (small / ".env.local").symlink_to(".env.local")
    done = doctor(small)
    assert done.returncode == 1
    assert row(done, ".env.local").startswith("✗")


def test_unknown_and_repeated_settings_are_a_warning(small: Path) -> None:
    setup.complete(small)
    with (small / ".env.local").open("a") as file:
        file.write("APP_TITLE=x\nAPP_NAME=x\nCOMPOSE_PROJECT_NAME=x\n")
    done = doctor(small)
    assert done.returncode == 0
    assert row(done, ".env.local").startswith("!")
    assert "not in .env.example: APP_TITLE; set twice: APP_NAME" in row(done, ".env.local")


def test_a_read_only_folder_is_a_failure(small: Path, ordinary_user: list[str]) -> None:
    small.chmod(0o555)
    done = wrapped(small, *ordinary_user)
    small.chmod(0o755)
    assert done.returncode == 1
    assert row(done, "project folder").startswith("✗")
    assert "project folder" in done.stderr


def test_a_full_disk_is_a_failure(small: Path) -> None:
    (small / ".data").mkdir()
    done = wrapped(small, *on_small_disk(small / ".data", megabytes=30))
    assert done.returncode == 1
    assert "free 200 MB" in row(done, "disk")


@pytest.mark.usefixtures("as_root")
def test_root_without_another_user_is_a_failure_and_missing_tools_are_named(small: Path) -> None:
    assert "Chromium" not in wrapped(small, PATH="/nowhere").stdout
    (small / "src/frontend").mkdir()
    done = wrapped(small, PATH="/nowhere")
    assert done.returncode == 1
    assert row(done, "unprivileged servers").startswith("✗")
    for tool in ("git", "docker", "Chromium"):
        assert "missing" in row(done, tool)
        assert tool not in done.stderr


def test_a_project_on_a_windows_drive_is_a_warning_on_wsl() -> None:
    wsl = "6.6.87.2-microsoft-standard-WSL2"
    [found] = file_system(Path("/mnt/c/Users/me/my-app"), wsl)
    assert (found.is_required, found.remedy) == (False, "move the project to the Linux home folder, such as ~/projects")
    assert file_system(Path("/home/me/my-app"), wsl) == []
    assert file_system(Path("/mnt/data/my-app"), wsl) == []
    assert file_system(Path("/mnt/c/my-app"), "6.12.0-generic") == []


def test_a_running_dev_is_shown(small: Path, given: dict[str, str]) -> None:
    dev = Dev(small, settings=given)
    try:
        assert dev.ready()["url"] in row(doctor(small), "dev")
        dev.stop()
    finally:
        dev.kill()


def test_docker_engine_and_compose_are_shown(small: Path) -> None:
    engine()
    assert re.search(r"^✓ +docker +Engine \d+\.\d+.*, Compose \d+\.\d+", row(doctor(small), "docker"))


def test_an_unreachable_engine_is_a_warning(small: Path) -> None:
    engine()
    done = doctor(small, DOCKER_HOST="unix:///nowhere.sock")
    assert done.returncode == 0
    assert re.search(r"^! +docker +cannot be used .* No Docker Engine answers at", row(done, "docker"))


def test_a_docker_without_plugins_is_a_warning_with_the_remedy(small: Path) -> None:
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


def test_the_values_of_setup_pass_and_wrong_ones_are_a_failure(project: Path) -> None:
    # Links to environments of other tests, each of which would be compared with its lock.
    shutil.rmtree(project / ".nox")
    setup.complete(project)
    assert row(doctor(project), ".env.local").split()[:3] == ["✓", ".env.local", "complete"]
    in_environment = doctor(project, ACCESS_TOKEN_LIFETIME="abc")
    with (project / ".env.local").open("a") as file:
        file.write("ACCESS_TOKEN_LIFETIME=abc\n")
    in_file = doctor(project)
    for done, source in ((in_environment, "environment"), (in_file, ".env.local")):
        assert done.returncode == 1
        assert row(done, ".env.local").startswith("✗")
        assert "wrong: ACCESS_TOKEN_LIFETIME" in row(done, ".env.local")
        assert f"ACCESS_TOKEN_LIFETIME ({source})" in done.stdout
        assert ".env.local" in done.stderr
    (project / "src/backend/projects/settings.py").write_text("this is no Python\n")
    assert row(doctor(project), ".env.local").split()[:5] == ["!", ".env.local", "cannot", "be", "checked"]
