from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support import nox, run

KEY = "R3kqVb0u0sJX2mZ8m0oWc1pYtF5nQd7aEhLgKxBvSzU="
SECRETS = {
    "DATABASE_URL": "postgresql://app:K5b2uWq8Zr1t@database.example.org/app",
    "REDIS_URL": "redis://:T8d3xNc6Vq0y@redis.example.org:6379/0",
    "AUTH_SIGNING_KEY": KEY,
}
LOCAL = f"APP_NAME=Mine\nENVIRONMENT=development\nAUTH_SIGNING_KEY={KEY}\n"


def config(project: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """The exit code and the words of `python -m tasks.settings`, where nothing is set but this."""
    plain = dict.fromkeys(("APP_NAME", "ENVIRONMENT", "HOST", "LOG_LEVEL", "DATABASE_URL", "REDIS_URL"), "")
    done = run(
        *(sys.executable, "-m", "tasks.settings", *arguments),
        cwd=project,
        **{**plain, "PYTHONPATH": "src/backend", **settings},
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def row(said: str, name: str) -> str:
    """The table's line on a setting."""
    [line] = [each for each in said.splitlines() if each.split()[1:2] == [name]]
    return " ".join(line.split())


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_a_fresh_project_lacks_what_is_secret_in_staging(project: Path) -> None:
    code, said = config(project, "staging")
    assert code == 1
    assert "staging cannot start: 3 settings missing or wrong." in said
    for name in SECRETS:
        assert row(said, name).startswith(f"✗ {name} missing")
        assert f"{name}: missing; set it as a secret of GitHub's environment staging" in said
    assert row(said, "ENVIRONMENT") == "✓ ENVIRONMENT staging environments/staging.env all"
    assert "✓ ARGON2_ROUNDS 3 default auth" in row(said, "ARGON2_ROUNDS")


@pytest.mark.parametrize("name", ["staging", "production"])
def test_an_environment_that_has_everything_is_good(project: Path, name: str) -> None:
    code, said = config(project, name, **SECRETS)
    assert (code, "✗" in said) == (0, False), said
    assert row(said, "DATABASE_URL").startswith("✓ DATABASE_URL ******** environment auth, projects, migrations")
    assert row(said, "APP_NAME").startswith("✓ APP_NAME Backend Only environments/common.env")


def test_no_secret_shows_and_no_length(project: Path) -> None:
    _, short = config(project, "staging", **SECRETS)
    _, long = config(project, "staging", **{**SECRETS, "REDIS_URL": f"redis://:{'T8d3xNc6Vq0y' * 9}@redis.example.org"})
    assert short == long
    assert not any(part in short for part in ("K5b2uWq8Zr1t", "T8d3xNc6Vq0y", KEY[:8]))


@pytest.mark.parametrize("token", ["T8d3xNc6Vq0yK5b2", "a1b2c3d4e5f60718293a4b5c6d7e8f90", "%74oken", "QUITESECRET"])
@pytest.mark.parametrize("form", ["redis://{}@redis.example.org:6379/0", "rediss://{}:@redis.example.org"])
def test_a_token_in_place_of_a_name_is_a_secret(project: Path, form: str, token: str) -> None:
    _, said = config(project, "staging", **{**SECRETS, "REDIS_URL": form.format(token)})
    assert row(said, "REDIS_URL").split()[2] == "********"
    assert token not in said


def test_a_url_without_a_password_is_no_secret(project: Path) -> None:
    append(project / "environments" / "staging.env", "DATABASE_URL=postgresql://app@db.example.org/app\n")
    code, said = config(project, "staging", **{**SECRETS, "DATABASE_URL": "", "DATABASE_PASSWORD": "K5b2uWq8Zr1t"})
    assert code == 0, said
    assert "postgresql://app@db.example.org/app environments/staging.env" in row(said, "DATABASE_URL")
    assert "******** environment" in row(said, "DATABASE_PASSWORD")


def test_development_gets_its_own_file_and_what_the_sessions_provide(project: Path) -> None:
    (project / ".env.local").write_text(LOCAL, encoding="utf-8")
    code, said = config(project, "development")
    assert code == 0, said
    assert row(said, "APP_NAME").startswith("✓ APP_NAME Mine .env.local")
    assert row(said, "AUTH_SIGNING_KEY") == "✓ AUTH_SIGNING_KEY ******** .env.local auth"
    assert "provided by the sessions" in row(said, "DATABASE_URL")


def test_development_without_setup_is_sent_there(project: Path) -> None:
    code, said = config(project, "development")
    assert code == 1
    assert "AUTH_SIGNING_KEY: missing; nox -s setup writes it to .env.local" in said


def test_the_environment_wins(project: Path) -> None:
    (project / ".env.local").write_text(LOCAL, encoding="utf-8")
    _, said = config(project, "development", APP_NAME="Other")
    assert row(said, "APP_NAME").startswith("✓ APP_NAME Other environment")


def test_what_is_local_stays_out_of_staging(project: Path) -> None:
    (project / ".env.local").write_text(LOCAL, encoding="utf-8")
    (project / ".secrets").mkdir()
    (project / ".secrets" / "auth_signing_key").write_text(KEY, encoding="utf-8")
    _, said = config(project, "staging")
    assert "missing" in row(said, "AUTH_SIGNING_KEY")
    _, said = config(project, "development")
    assert row(said, "AUTH_SIGNING_KEY").endswith("******** .env.local auth")


@pytest.mark.parametrize("way", ["option", "variable"])
def test_secrets_come_from_a_folder_of_files_too(project: Path, way: str) -> None:
    folder = project / "given"
    folder.mkdir()
    for name, text in SECRETS.items():
        (folder / name.lower()).write_text(f"{text}\n", encoding="utf-8")
    arguments, settings = (["--secrets", "given"], {}) if way == "option" else ([], {"SECRETS_FOLDER": "given"})
    code, said = config(project, "production", *arguments, **settings)
    assert code == 0, said
    assert row(said, "AUTH_SIGNING_KEY") == "✓ AUTH_SIGNING_KEY ******** given/auth_signing_key auth"


def test_a_folder_that_is_none_is_told(project: Path) -> None:
    code, said = config(project, "staging", "--secrets", "nowhere")
    assert (code, said) == (1, "nowhere is no folder; give the one that holds a file for each secret.\n")


def test_an_unknown_environment_is_told_which_there_are(project: Path) -> None:
    code, said = config(project, "moon")
    assert code == 2
    assert all(name in said for name in ("'moon'", "development", "staging", "production"))


def test_a_wrong_value_is_told_in_the_application_s_own_words(project: Path) -> None:
    append(project / "environments" / "production.env", "AUTH_PORT=none\nCORS_ORIGINS=example.org\n")
    code, said = config(project, "production", **SECRETS)
    assert code == 1
    assert "AUTH_PORT: Input should be a valid integer" in said
    assert "CORS_ORIGINS: should be http://host:port or https://host" in said


def test_a_value_of_development_is_told(project: Path) -> None:
    append(project / "environments" / "production.env", "LOG_LEVEL=DEBUG\nCORS_ORIGINS=http://localhost:3000\n")
    code, said = config(project, "production", **SECRETS)
    assert code == 1
    assert "LOG_LEVEL: should not be DEBUG in production" in said
    assert "CORS_ORIGINS: should be https:// addresses of other machines in production" in said
    code, _ = config(project, "staging", **SECRETS)
    assert code == 0


def test_a_secret_that_can_be_guessed_is_told_and_not_shown(project: Path) -> None:
    code, said = config(
        project, "staging", **{**SECRETS, "DATABASE_URL": "postgresql://app:hunter2@db.example.org/app"}
    )
    assert code == 1
    assert "DATABASE_URL: should have a password of 12 random characters or more in staging" in said
    assert "hunter2" not in said


def test_a_secret_in_a_committed_file_is_refused_and_not_shown(project: Path) -> None:
    append(project / "environments" / "common.env", f"AUTH_SIGNING_KEY={KEY}\n")
    code, said = config(project, "staging", **SECRETS)
    assert code == 1
    assert "AUTH_SIGNING_KEY: a secret in a committed file" in said
    assert "(environments/common.env)" in said
    assert KEY not in said


def test_a_name_that_no_service_reads_is_refused(project: Path) -> None:
    append(project / "environments" / "staging.env", "CORS_ORIGIN=https://example.org\n")
    code, said = config(project, "staging", **SECRETS)
    assert (code, "CORS_ORIGIN: no service reads it (environments/staging.env)" in said) == (1, True)


def test_another_environment_s_name_is_refused(project: Path) -> None:
    code, said = config(project, "staging", **SECRETS, ENVIRONMENT="production")
    assert (code, "ENVIRONMENT: environment says production, and this is staging" in said) == (1, True)


def test_a_broken_line_is_named_and_not_shown(project: Path) -> None:
    append(project / "environments" / "staging.env", "hunter2 is no setting\n")
    code, said = config(project, "staging", **SECRETS)
    assert code == 1
    assert "staging.env, line" in said
    assert "hunter2" not in said


def test_a_missing_file_is_told(project: Path) -> None:
    (project / "environments" / "staging.env").unlink()
    code, said = config(project, "staging", **SECRETS)
    assert (code, "environments/staging.env: No such file" in said) == (1, True)


def test_a_service_without_a_class_of_settings_is_told(project: Path) -> None:
    (project / "src/backend/projects/settings.py").write_text("import os\n", encoding="utf-8")
    code, said = config(project, "staging")
    assert (code, "projects/settings.py has 0 classes derived from ServiceSettings" in said) == (1, True)


def test_settings_that_cannot_be_read_are_told(project: Path) -> None:
    (project / "src/backend/projects/settings.py").write_text("this is no Python\n", encoding="utf-8")
    code, said = config(project, "staging")
    assert (code, "src/backend/projects/settings.py cannot be imported" in said) == (1, True)


def test_the_session_shows_each_environment(project: Path) -> None:
    (project / ".env.local").write_text(LOCAL, encoding="utf-8")
    for name, source in (("development", ".env.local"), ("staging", "environment"), ("production", "environment")):
        done = nox(project, "-s", "config", "--", name, **({} if name == "development" else SECRETS))
        assert done.returncode == 0, done.stdout
        assert f"******** {source} auth" in row(done.stdout, "AUTH_SIGNING_KEY")
    assert nox(project, "-s", "config", "--", "moon").returncode != 0
