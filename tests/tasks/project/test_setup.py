"""`setup`: new secrets, nothing lost, the git hooks."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.core.errors import UserError
from tasks.project import env_file, setup
from tests.support import run
from tests.tasks.small_project import environment
from tests.tasks.users import ORDINARY


def run_setup(project: Path, *wrapper: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*wrapper, sys.executable, "-m", "tasks", "project.setup"],
        cwd=project,
        env=environment(HOME=str(project)),
        capture_output=True,
        text=True,
        check=False,
    )


def test_new_env_local_has_the_text_of_the_example_and_new_secrets(small: Path) -> None:
    assert setup.complete(small) == "Wrote .env.local from .env.example, with fresh secrets."
    local = small / ".env.local"
    secret = env_file.values(local)["SIGNING_KEY"]
    assert len(base64.urlsafe_b64decode(secret)) == 32
    assert local.read_text().replace(secret, "") == (small / ".env.example").read_text()
    assert local.stat().st_mode & 0o777 == 0o600
    assert list(small.glob(".env.local?*")) == []


def test_secrets_differ_between_projects(small: Path) -> None:
    setup.complete(small)
    first = env_file.values(small / ".env.local")["SIGNING_KEY"]
    (small / ".env.local").unlink()
    setup.complete(small)
    assert env_file.values(small / ".env.local")["SIGNING_KEY"] != first


def test_existing_env_local_keeps_its_text_and_gets_missing_settings(small: Path) -> None:
    old = "# mine\nexport OTHER = 'a b' # why\nAPP_NAME=Mine\n\nDATABASE_URL=postgresql://x\nSIGNING_KEY="
    (small / ".env.local").write_text(old)
    with (small / ".env.example").open("a") as example:
        example.write("COLOUR=blue\n")
    assert setup.complete(small) == "Added to .env.local: SIGNING_KEY, COLOUR."
    text = (small / ".env.local").read_text()
    assert text.startswith(old)
    values = env_file.values(small / ".env.local")
    assert values["SIGNING_KEY"]
    assert {**values, "SIGNING_KEY": ""} == {
        "OTHER": "a b",
        "APP_NAME": "Mine",
        "DATABASE_URL": "postgresql://x",
        "SIGNING_KEY": "",
        "COLOUR": "blue",
    }
    assert setup.complete(small) is None
    assert (small / ".env.local").read_text() == text


def test_env_local_that_others_can_read_becomes_owner_only(small: Path) -> None:
    setup.complete(small)
    (small / ".env.local").chmod(0o644)
    assert setup.complete(small) == "Made .env.local owner-only; other users could read it."
    assert (small / ".env.local").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"APP_NAME=x\n\nhunter2\n", "line 3: not of the form NAME=value"),
        (b"A=1\nSECRET='hunter2\nB=2\n", "line 2: not of the form NAME=value"),
        (b"A=1\nmy hunter2=2\n", "line 2: not of the form NAME=value"),
        (b"A=1\nB=\xff\xfe\n", "line 2: not UTF-8"),
    ],
)
def test_broken_env_local_is_reported_with_its_line_and_kept(small: Path, text: bytes, complaint: str) -> None:
    (small / ".env.local").write_bytes(text)
    done = run_setup(small)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "hunter2" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (small / ".env.local").read_bytes() == text


def test_read_only_folder_is_reported(small: Path, ordinary_user: list[str]) -> None:
    small.chmod(0o555)
    done = run_setup(small, *ordinary_user)
    assert done.returncode == 1
    assert done.stderr == f"Cannot write {small / '.env.local'}: Permission denied; make the folder writable.\n"
    small.chmod(0o755)
    assert not (small / ".env.local").exists()


@pytest.mark.parametrize("target", [".env.local", "nowhere/settings"], ids=["loop", "missing folder"])
def test_broken_link_is_reported_and_kept(small: Path, target: str) -> None:
    local = small / ".env.local"
    local.symlink_to(target)
    done = run_setup(small)
    assert (done.returncode, done.stderr) == (1, f"{local} is a broken link. Remove it, then run: nox -s setup\n")
    assert local.readlink() == Path(target)


def test_target_of_a_link_is_written(small: Path) -> None:
    (small / ".env.local").symlink_to("settings")
    assert run_setup(small).returncode == 0
    assert (small / ".env.local").readlink() == Path("settings")
    assert env_file.values(small / "settings")["SIGNING_KEY"]


def modes(folder: Path) -> dict[str, int]:
    """The permissions of the folder and its files."""
    return {path.name: path.stat().st_mode & 0o777 for path in [folder, *folder.iterdir()]}


@pytest.fixture
def optional(small: Path) -> Path:
    """A project with an optional secret and an optional setting that is not secret."""
    with (small / ".env.example").open("a") as example:
        example.write("# DATABASE_PASSWORD=\n# COLOUR=blue\n")
    return small


def test_secret_files_are_written_and_env_is_linked(optional: Path) -> None:
    setup.complete(optional)
    assert setup.complete_secrets(optional) == [
        "Wrote .secrets/: signing_key, database_password.",
        "Linked .env to .env.local, for Compose.",
    ]
    folder = optional / ".secrets"
    assert modes(folder) == {".secrets": 0o700, "signing_key": 0o444, "database_password": 0o444}
    assert (folder / "signing_key").read_text() == env_file.values(optional / ".env.local")["SIGNING_KEY"]
    assert len(base64.urlsafe_b64decode((folder / "database_password").read_text())) == 32
    assert (optional / ".env").readlink() == Path(".env.local")
    assert "DATABASE_PASSWORD" not in env_file.values(optional / ".env.local")
    assert setup.complete_secrets(optional) == []


def test_existing_secret_files_stay_and_empty_ones_are_filled(optional: Path) -> None:
    (optional / ".secrets").mkdir(0o755)
    (optional / ".secrets/signing_key").write_text("mine\n")
    (optional / ".secrets/database_password").write_text("")
    (optional / ".env").write_text("MINE=1\n")
    assert setup.complete_secrets(optional) == [
        "Made .secrets/ owner-only; other users could read it.",
        "Wrote .secrets/: database_password.",
    ]
    assert (optional / ".secrets/signing_key").read_text() == "mine\n"
    assert (optional / ".secrets/database_password").read_text()
    assert (optional / ".env").read_text() == "MINE=1\n"


def test_secret_of_env_local_is_used_for_containers(optional: Path) -> None:
    (optional / ".env.local").write_text("DATABASE_PASSWORD='p w'\n")
    (optional / ".env").symlink_to("nowhere")
    setup.complete_secrets(optional)
    assert (optional / ".secrets/database_password").read_text() == "p w"
    assert (optional / ".env").readlink() == Path("nowhere")


def test_secret_of_others_is_empty_or_follows_env_local(small: Path) -> None:
    with (small / ".env.example").open("a") as example:
        example.write('# SMTP_PASSWORD=""\n')
    setup.complete(small)
    file, local = small / ".secrets/smtp_password", small / ".env.local"
    for value in ("", "one", "two"):
        local.write_text(f"{local.read_text()}\nSMTP_PASSWORD={value}\n")
        assert "smtp_password" in setup.complete_secrets(small)[0]
        assert (file.read_text(), setup.complete_secrets(small)) == (value, [])
    file.chmod(0o600)
    file.write_text("mine")
    local.write_text(local.read_text() + "SMTP_PASSWORD=\n")
    assert setup.complete_secrets(small) == []
    assert file.read_text() == "mine"


def test_setup_does_everything_once(optional: Path) -> None:
    assert [line.split()[0] for line in run_setup(optional).stdout.splitlines()] == ["Wrote", "Wrote", "Linked", "No"]
    assert [line.split()[0] for line in run_setup(optional).stdout.splitlines()] == [".env.local", "No"]


def test_file_in_place_of_the_secrets_folder_is_reported(small: Path) -> None:
    (small / ".secrets").write_text("")
    done = run_setup(small)
    assert done.returncode == 1
    assert done.stderr == f"Cannot create the owner-only folder {small / '.secrets'}: File exists.\n"


def test_read_only_secrets_folder_is_reported(small: Path, ordinary_user: list[str]) -> None:
    setup.complete(small)
    (small / ".secrets").mkdir(0o500)
    if ordinary_user:
        for path in (small / ".env.local", small / ".secrets"):
            os.chown(path, ORDINARY, ORDINARY)
    done = run_setup(small, *ordinary_user)
    file = small / ".secrets/signing_key"
    assert (done.returncode, done.stderr) == (1, f"Cannot write {file}: Permission denied; make the folder writable.\n")
    assert list((small / ".secrets").iterdir()) == []


@pytest.mark.usefixtures("as_root")
def test_env_local_of_another_user_that_others_can_read_is_reported(small: Path, ordinary_user: list[str]) -> None:
    setup.complete(small)
    (small / ".env.local").chmod(0o644)
    done = run_setup(small, *ordinary_user)
    assert done.returncode == 1
    path = small / ".env.local"
    assert done.stderr == f"Other users can read {path}: Operation not permitted. Fix it: chmod 600 {path}\n"


def test_missing_example_is_reported(small: Path) -> None:
    (small / ".env.example").unlink()
    with pytest.raises(UserError, match=r"Restore it: git checkout \.env\.example"):
        setup.complete(small)


def test_hooks_are_installed_in_a_git_repository(small: Path) -> None:
    (small / ".pre-commit-config.yaml").write_text("repos: []\n")
    assert "git init" in run_setup(small).stdout
    run("git", "init", "--quiet", cwd=small)
    done = run_setup(small)
    assert done.stdout == ".env.local is complete.\nGit hooks are installed.\n"
    assert "pre-commit" in (small / ".git/hooks/pre-commit").read_text()


def test_hooks_that_git_would_not_run_are_not_installed_and_the_rest_goes_on(small: Path) -> None:
    (small / ".pre-commit-config.yaml").write_text("repos: []\n")
    run("git", "init", "--quiet", cwd=small)
    run("git", "config", "core.hooksPath", "elsewhere", cwd=small)
    done = run_setup(small)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == (
        "No git hooks: core.hooksPath is elsewhere. Unset it, then run setup again; or run before a commit: nox -s lint"
    )
    (small / ".git").rename(small.parent / ".git")
    run("git", "config", "--unset", "core.hooksPath", cwd=small)
    done = run_setup(small)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("No git hooks: this is a subfolder of a repository, whose hooks run")
    assert not (small.parent / ".git/hooks/pre-commit").exists()


def test_hooks_that_cannot_be_written_are_reported(small: Path) -> None:
    (small / ".pre-commit-config.yaml").write_text("repos: []\n")
    run("git", "init", "--quiet", cwd=small)
    shutil.rmtree(small / ".git/hooks")
    (small / ".git/hooks").write_text("")
    done = run_setup(small)
    assert done.returncode == 1
    assert done.stderr.startswith("Cannot install the git hooks: ")
