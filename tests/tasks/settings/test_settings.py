"""`config`: values, sources and faults of each environment, and no secret in the output."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.database.operations import MALFORMED
from tasks.settings.command import main
from tests.support import nox
from tests.tasks.checked_project import CheckedProject
from tests.tasks.command import call

KEY = "R3kqVb0u0sJX2mZ8m0oWc1pYtF5nQd7aEhLgKxBvSzU="
PASSWORD = "correct horse battery staple"
ROLES = dict.fromkeys(("AUTH_DATABASE_PASSWORD", "PROJECTS_DATABASE_PASSWORD", "WORKER_DATABASE_PASSWORD"), PASSWORD)
ENCRYPTED = "sslmode=verify-full&sslrootcert=/ca"
SECRETS = {
    "DATABASE_URL": f"postgresql://app@database.example.org/app?{ENCRYPTED}",
    "DATABASE_PASSWORD": PASSWORD,
    **ROLES,
    "REDIS_URL": "rediss://:T8d3xNc6Vq0y@redis.example.org:6379/0",
    "AUTH_SIGNING_KEY": KEY,
}
LOCAL = "".join(
    f"{name}={text}\n"
    for name, text in {"APP_NAME": "Mine", "ENVIRONMENT": "development", "AUTH_SIGNING_KEY": KEY, **ROLES}.items()
)
STAGING = Path("environments/staging.env")
PRODUCTION = Path("environments/production.env")
COMMON = Path("environments/common.env")


@pytest.fixture
def files(rendered: Callable[[str], Path], tmp_path: Path) -> Path:
    """The settings of a project, for a test to change; its code is shared."""
    (tmp_path / "src").symlink_to(rendered("backend") / "src")
    shutil.copytree(rendered("backend") / "environments", tmp_path / "environments")
    shutil.copy(rendered("backend") / ".env.example", tmp_path)
    return tmp_path


def config(project: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """The exit code and output of `config` where nothing else is set."""
    unset = dict.fromkeys(("APP_NAME", "ENVIRONMENT", "HOST", "LOG_LEVEL"), "")
    done = call(main, project, *arguments, **{**unset, **settings})
    return done.returncode, done.stdout + done.stderr


def row(output: str, name: str) -> str:
    """The table's line on a setting."""
    [line] = [each for each in output.splitlines() if each.split()[1:2] == [name]]
    return " ".join(line.split())


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_a_fresh_project_lacks_the_secrets_of_staging(files: Path) -> None:
    code, output = config(files, "staging")
    assert code == 1
    assert "staging cannot start: 6 settings missing or wrong." in output
    for name in {*SECRETS} - {"DATABASE_PASSWORD"}:
        assert row(output, name).startswith(f"✗ {name} missing")
        assert f"{name}: missing; set it as a secret of GitHub's environment staging" in output
    assert row(output, "ENVIRONMENT") == "✓ ENVIRONMENT staging environments/staging.env all"
    assert "✓ ARGON2_ROUNDS 3 default auth" in row(output, "ARGON2_ROUNDS")


@pytest.mark.parametrize("name", ["staging", "production"])
def test_a_complete_environment_passes(files: Path, name: str) -> None:
    code, output = config(files, name, **SECRETS)
    assert (code, "✗" in output) == (0, False), output
    url = SECRETS["DATABASE_URL"]
    assert row(output, "DATABASE_URL") == f"✓ DATABASE_URL {url} environment auth, projects, worker, migrations"
    assert row(output, "DATABASE_PASSWORD") == "✓ DATABASE_PASSWORD ******** environment migrations"
    assert row(output, "AUTH_DATABASE_PASSWORD") == "✓ AUTH_DATABASE_PASSWORD ******** environment auth, migrations"
    assert row(output, "APP_NAME").startswith("✓ APP_NAME Backend Only environments/common.env")


def test_secrets_and_their_lengths_are_masked(files: Path) -> None:
    _, short = config(files, "staging", **SECRETS)
    _, long = config(files, "staging", **{**SECRETS, "REDIS_URL": f"rediss://:{'T8d3xNc6Vq0y' * 9}@redis.example.org"})
    assert short == long
    assert not any(part in short for part in (PASSWORD, "T8d3xNc6Vq0y", KEY[:8]))


@pytest.mark.parametrize("token", ["T8d3xNc6Vq0yK5b2", "a1b2c3d4e5f60718293a4b5c6d7e8f90", "%74oken", "QUITESECRET"])
def test_a_token_in_the_place_of_a_user_is_masked(files: Path, token: str) -> None:
    for form in ("redis://{}@redis.example.org:6379/0", "rediss://{}:@redis.example.org"):
        _, output = config(files, "staging", **{**SECRETS, "REDIS_URL": form.format(token)})
        assert row(output, "REDIS_URL").split()[2] == "********"
        assert token not in output


def test_a_url_without_a_password_is_shown(files: Path) -> None:
    append(files / STAGING, f"DATABASE_URL=postgresql://app@db.example.org/app?{ENCRYPTED}\n")
    code, output = config(files, "staging", **{**SECRETS, "DATABASE_URL": ""})
    assert code == 0, output
    assert f"postgresql://app@db.example.org/app?{ENCRYPTED} environments/staging.env" in row(output, "DATABASE_URL")
    assert "******** environment" in row(output, "DATABASE_PASSWORD")


def test_a_database_url_that_migrate_refuses_is_refused_for_the_same_reason(files: Path) -> None:
    _, output = config(files, "staging", **{**SECRETS, "DATABASE_URL": "postgresql://app@one:5432,two:none/app"})
    assert f"DATABASE_URL: {MALFORMED}\n" in output


def test_development_has_env_local_and_what_the_sessions_provide(files: Path) -> None:
    (files / ".env.local").write_text(LOCAL, encoding="utf-8")
    code, output = config(files, "development")
    assert code == 0, output
    assert row(output, "APP_NAME").startswith("✓ APP_NAME Mine .env.local")
    assert row(output, "AUTH_SIGNING_KEY") == "✓ AUTH_SIGNING_KEY ******** .env.local auth"
    assert "provided by the sessions" in row(output, "DATABASE_URL")
    _, output = config(files, "development", APP_NAME="Other")
    assert row(output, "APP_NAME").startswith("✓ APP_NAME Other environment")


def test_development_without_setup_names_the_command(files: Path) -> None:
    code, output = config(files, "development")
    assert code == 1
    assert "AUTH_SIGNING_KEY: missing; nox -s setup writes it to .env.local" in output


def test_local_files_do_not_set_staging(files: Path) -> None:
    (files / ".env.local").write_text(LOCAL, encoding="utf-8")
    (files / ".secrets").mkdir()
    (files / ".secrets" / "auth_signing_key").write_text(KEY, encoding="utf-8")
    _, output = config(files, "staging")
    assert "missing" in row(output, "AUTH_SIGNING_KEY")
    _, output = config(files, "development")
    assert row(output, "AUTH_SIGNING_KEY").endswith("******** .env.local auth")


def test_secrets_are_read_from_a_folder(files: Path) -> None:
    folder = files / "given"
    folder.mkdir()
    for name, text in SECRETS.items():
        (folder / name.lower()).write_text(f"{text}\n", encoding="utf-8")
    by_option = config(files, "production", "--secrets", "given")
    by_variable = config(files, "production", SECRETS_FOLDER="given")
    for code, output in (by_option, by_variable):
        assert code == 0, output
        assert row(output, "AUTH_SIGNING_KEY") == "✓ AUTH_SIGNING_KEY ******** given/auth_signing_key auth"
    missing = config(files, "staging", "--secrets", "nowhere")
    assert missing == (1, "nowhere is not a folder. Give one with a file for each secret.\n")
    (folder / "auth_signing_key").write_bytes(b"\xff")
    code, output = config(files, "production", "--secrets", "given")
    assert (code, output.startswith("Cannot read the secrets in given: ")) == (1, True)


def test_an_unknown_environment_is_refused_with_the_known_ones(files: Path) -> None:
    code, output = config(files, "moon")
    assert code == 2
    assert all(name in output for name in ("'moon'", "development", "staging", "production"))


def test_wrong_values_are_reported_with_the_reason(files: Path) -> None:
    append(files / PRODUCTION, "AUTH_PORT=none\nCORS_ORIGINS=example.org\n")
    code, output = config(files, "production", **SECRETS)
    assert code == 1
    assert "AUTH_PORT: Input should be a valid integer" in output
    assert "CORS_ORIGINS: should be http://host:port or https://host" in output


def test_values_of_development_are_refused_in_production(files: Path) -> None:
    append(files / PRODUCTION, "LOG_LEVEL=DEBUG\nCORS_ORIGINS=http://localhost:3000\n")
    code, output = config(files, "production", **SECRETS)
    assert code == 1
    assert "LOG_LEVEL: should not be DEBUG in production" in output
    assert "CORS_ORIGINS: should be https:// addresses of other machines in production" in output
    code, _ = config(files, "staging", **SECRETS)
    assert code == 0


def test_a_weak_secret_is_refused_and_not_shown(files: Path) -> None:
    code, output = config(files, "staging", **{**SECRETS, "DATABASE_PASSWORD": "hunter2"})
    assert code == 1
    assert "DATABASE_PASSWORD: should have a password of 12 random characters or more in staging" in output
    assert "hunter2" not in output


def test_faults_of_committed_files_are_refused(files: Path) -> None:
    append(files / COMMON, f"AUTH_SIGNING_KEY={KEY}\n")
    append(files / STAGING, "CORS_ORIGIN=https://example.org\n")
    code, output = config(files, "staging", **SECRETS)
    assert code == 1
    assert "AUTH_SIGNING_KEY: a secret in a committed file" in output
    assert "(environments/common.env)" in output
    assert KEY not in output
    assert "CORS_ORIGIN: no service reads it (environments/staging.env)" in output


def test_the_name_of_another_environment_is_refused(files: Path) -> None:
    code, output = config(files, "staging", **SECRETS, ENVIRONMENT="production")
    assert (code, "ENVIRONMENT: is production (environment), not staging" in output) == (1, True)


def test_an_unreadable_environment_file_is_named_without_its_text(files: Path) -> None:
    append(files / STAGING, "hunter2 is no setting\n")
    code, output = config(files, "staging", **SECRETS)
    assert code == 1
    assert "staging.env, line" in output
    assert "hunter2" not in output
    (files / STAGING).unlink()
    code, output = config(files, "staging", **SECRETS)
    assert (code, "environments/staging.env: No such file" in output) == (1, True)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os\n", "src/backend/projects/settings.py has 0 classes derived from ServiceSettings."),
        ("this is no Python\n", "src/backend/projects/settings.py cannot be imported"),
    ],
)
def test_an_unusable_settings_module_is_named(project: Path, code: str, message: str) -> None:
    (project / "src/backend/projects/settings.py").write_text(code, encoding="utf-8")
    exit_code, output = config(project, "staging")
    assert (exit_code, message in output) == (1, True)


def test_the_session_shows_each_environment(checked: CheckedProject) -> None:
    checked.write(".env.local", LOCAL)
    for name, source in (("development", ".env.local"), ("staging", "environment"), ("production", "environment")):
        settings = {} if name == "development" else SECRETS
        done = nox(checked.folder, "-s", "config", "--", name, **settings)
        assert done.returncode == 0, done.stdout
        assert f"******** {source} auth" in row(done.stdout, "AUTH_SIGNING_KEY")
