import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.settings import GatewaySettings
from shared.database.engine import DatabaseSettings, MigrationSettings, owner_url, service_login
from shared.redis import RedisSettings, create_redis
from shared.settings import SECRETS, ServiceSettings, Settings, load
from tests.support.application import ROUTED, with_urls

SECRET = "hunter2hunter2"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without settings; changes are undone after the test."""
    monkeypatch.setattr(os, "environ", {"PATH": os.environ["PATH"]})
    monkeypatch.chdir(tmp_path)


SERVICES = ("AUTH", "PROJECTS", "WORKER")
ROLES = {f"{name}_DATABASE_PASSWORD": "correct horse battery staple" for name in SERVICES}


@pytest.fixture
def development() -> None:
    """Sets ENVIRONMENT to development, and the passwords of the services in the database."""
    os.environ.update({**ROLES, "ENVIRONMENT": "development"})


def load_error(kind: type[Settings], capsys: pytest.CaptureFixture[str], secrets: Path = SECRETS) -> list[str]:
    """Load invalid settings; returns the two lines of the error."""
    with pytest.raises(SystemExit) as exited:
        load(kind, secrets=secrets)
    assert exited.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert len(lines) == 2
    return lines


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A folder with a secret file, as in a container."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "database_password").write_text(f"{SECRET}\n", encoding="utf-8")
    return folder


def write(text: str) -> None:
    Path(".env.local").write_text(text, encoding="utf-8")


def test_env_file_values_are_read_literally() -> None:
    write("# a comment\nAPP_NAME='It\\'s $HOME ${PATH} ñ # 100%'\nENVIRONMENT=staging\nLOG_LEVEL=\n")
    settings = load(ServiceSettings)
    assert settings.app_name == "It's $HOME ${PATH} ñ # 100%"
    assert (settings.host, settings.log_level) == ("127.0.0.1", None)


def test_environment_takes_precedence_over_the_file() -> None:
    write("APP_NAME=File\nENVIRONMENT=staging\n")
    os.environ["APP_NAME"] = "Environment"
    settings = load(ServiceSettings)
    assert (settings.app_name, settings.environment) == ("Environment", "staging")


def test_missing_env_file_recommends_setup(capsys: pytest.CaptureFixture[str]) -> None:
    problem, advice = load_error(ServiceSettings, capsys)
    assert "APP_NAME: Field required" in problem
    assert "ENVIRONMENT: Field required" in problem
    assert "nox -s setup" in advice


def test_invalid_env_file_recommends_correcting_it(capsys: pytest.CaptureFixture[str]) -> None:
    write("APP_NAME=x\nENVIRONMENT=moon\n")
    problem, advice = load_error(ServiceSettings, capsys)
    assert "ENVIRONMENT" in problem
    assert "'development', 'staging' or 'production'" in problem
    assert "APP_NAME" not in problem
    assert "Correct .env.local" in advice


@pytest.mark.usefixtures("development")
def test_invalid_secret_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    write(f"DATABASE_URL=mysql://root:{SECRET}@localhost\nDATABASE_POOL_SIZE=none\n")
    problem, _ = load_error(DatabaseSettings, capsys)
    assert "DATABASE_URL" in problem
    assert "postgresql://" in problem
    assert "DATABASE_POOL_SIZE" in problem
    assert SECRET not in problem


@pytest.mark.usefixtures("development")
def test_repr_does_not_contain_secrets() -> None:
    os.environ["REDIS_URL"] = f"redis://:{SECRET}@localhost"
    assert SECRET not in repr(load(RedisSettings))


@pytest.mark.usefixtures("development")
def test_secret_file_is_used_unless_the_environment_has_a_value(secrets: Path) -> None:
    os.environ.update({"DATABASE_URL": "postgresql://app@db/app", "DATABASE_PASSWORD": ""})
    settings = load(MigrationSettings, secrets=secrets)
    assert owner_url(settings).password == SECRET
    assert SECRET not in repr(settings)
    os.environ["DATABASE_PASSWORD"] = "other"
    assert owner_url(load(MigrationSettings, secrets=secrets)).password == "other"


@pytest.mark.usefixtures("development")
def test_password_in_the_url_takes_precedence(secrets: Path) -> None:
    os.environ["DATABASE_URL"] = "postgresql://app:own@db/app"
    assert owner_url(load(MigrationSettings, secrets=secrets)).password == "own"


@pytest.mark.usefixtures("development")
def test_separate_password_is_used_literally(secrets: Path) -> None:
    odd = "p@ss:w/rd %41#?"
    (secrets / "database_password").write_text(odd, encoding="utf-8")
    os.environ["DATABASE_URL"] = "postgresql://app@db/app"
    assert owner_url(load(MigrationSettings, secrets=secrets)).translate_connect_args()["password"] == odd


@pytest.mark.usefixtures("development")
def test_password_is_optional_in_development() -> None:
    os.environ.update({"DATABASE_URL": "postgresql://app@db/app", "REDIS_URL": "redis://cache"})
    assert owner_url(load(MigrationSettings)).password is None
    assert load(RedisSettings).redis_password is None


@pytest.mark.usefixtures("development")
def test_service_connects_as_its_own_role_without_the_password_of_the_owner() -> None:
    class AuthDatabase(DatabaseSettings):
        auth_database_password: SecretStr

    for url in ("postgresql://app:{}@db/app", "postgresql:///app?user=app&password={}&host=db"):
        os.environ["DATABASE_URL"] = url.format("own")
        login = service_login(load(AuthDatabase), "auth")
        assert login == {"user": "app_auth_login", "password": ROLES["AUTH_DATABASE_PASSWORD"]}


@pytest.mark.parametrize(
    ("url", "login"),
    [("redis://cache", [SECRET]), ("redis://app@cache", ["app", SECRET]), ("redis://:own@cache", ["own"])],
)
@pytest.mark.usefixtures("development")
def test_redis_client_gets_the_password(secrets: Path, url: str, login: list[str]) -> None:
    (secrets / "redis_password").write_text(SECRET, encoding="utf-8")
    os.environ["REDIS_URL"] = url
    options = create_redis(load(RedisSettings, secrets=secrets)).connection_pool.connection_kwargs
    provider = options.get("credential_provider")
    assert list(provider.get_credentials() if provider else [options["password"]]) == login
    assert not (provider and "username" in options)


@pytest.mark.usefixtures("development")
def test_secret_file_must_be_utf8(secrets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.environ["DATABASE_URL"] = "postgresql://app@db/app"
    (secrets / "database_password").write_bytes(b"\xff\xfe")
    assert f"A file in {secrets} is not UTF-8" in load_error(MigrationSettings, capsys, secrets)[0]


@pytest.mark.usefixtures("development")
def test_unreadable_secret_file_is_reported(
    secrets: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, encoding: str | None = None) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # File modes do not stop root, which may run the tests.
    monkeypatch.setattr(Path, "read_text", refuse)
    os.environ["DATABASE_URL"] = "postgresql://app@db/app"
    problem, _ = load_error(MigrationSettings, capsys, secrets)
    assert problem == f"{secrets / 'database_password'} cannot be read: Permission denied."


@pytest.mark.parametrize(
    "text",
    ["ENVIRONMENT=development\nnot a setting\n", "APP_NAME='unfinished\n", "A=1\n\n\nnot a setting\n"],
)
def test_malformed_line_is_reported_with_its_number(capsys: pytest.CaptureFixture[str], text: str) -> None:
    write(text)
    problem, _ = load_error(ServiceSettings, capsys)
    assert f"line {text.count(chr(10))}" in problem


def test_env_file_must_be_utf8(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env.local").write_bytes(b"APP_NAME=\xff\xfe\n")
    assert "not UTF-8" in load_error(ServiceSettings, capsys)[0]


def test_unreadable_env_file_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env.local").mkdir()
    assert "cannot be read" in load_error(ServiceSettings, capsys)[0]


def test_lists_are_comma_separated() -> None:
    os.environ.update(
        {
            **GATEWAY,
            "ENVIRONMENT": "development",
            "AUTH_URL": "http://auth:8001/",
            "CORS_ORIGINS": "https://a.example.org, http://localhost:3000,",
        }
    )
    settings = load(GatewaySettings)
    assert settings.cors_origins == ("https://a.example.org", "http://localhost:3000")
    assert settings.auth_url == "http://auth:8001"


@pytest.mark.parametrize("url", ["auth:8001", "ftp://auth", "http://", "http://auth/?x", "http://a b"])
def test_invalid_service_url_is_rejected(capsys: pytest.CaptureFixture[str], url: str) -> None:
    os.environ.update({**GATEWAY, "ENVIRONMENT": "development", "AUTH_URL": url})
    assert "AUTH_URL: Value error, should be http://" in load_error(GatewaySettings, capsys)[0]


ENCRYPTED = "sslmode=verify-full&sslrootcert=/run/secrets/ca"
DATABASE = {
    "DATABASE_URL": f"postgresql://app@db.example.org/app?{ENCRYPTED}",
    "DATABASE_PASSWORD": "correct horse battery",
    **ROLES,
}
REDIS = {"REDIS_URL": "rediss://:T8d3xNc6Vq0y@cache.example.org/0"}
GATEWAY = {
    **REDIS,
    **with_urls({}, {name: f"http://{name}:8001" for name in ROUTED}),
    "APP_NAME": "x",
    "CORS_ORIGINS": "https://app.example.org",
    **REDIS,
}
GOOD = [(MigrationSettings, DATABASE), (RedisSettings, REDIS), (GatewaySettings, GATEWAY)]
PASSWORD = "should have a password of 12 random characters or more"
SEPARATE = "should have no password, as DATABASE_PASSWORD is a separate setting,"
VERIFIED = "DATABASE_URL: should have ?sslmode=verify-full&sslrootcert=FILE, with the authorities to trust,"
REDISS = "REDIS_URL: should be rediss://, for an encrypted connection,"

# Settings that are rejected in staging and production, with the error.
DEVELOPMENT_ONLY: list[tuple[type[Settings], dict[str, str], str]] = [
    (MigrationSettings, {"DATABASE_URL": "postgresql://db/app?user=app&password=x"}, f"DATABASE_URL: {SEPARATE}"),
    (MigrationSettings, {"DATABASE_URL": "postgresql://db/app?user=app&password=app"}, f"DATABASE_URL: {SEPARATE}"),
    (MigrationSettings, {"DATABASE_PASSWORD": "changeme-please"}, f"DATABASE_PASSWORD: {PASSWORD}"),
    (
        MigrationSettings,
        {"DATABASE_URL": f"postgresql://long-user-name@db/app?{ENCRYPTED}", "DATABASE_PASSWORD": "long-user-name"},
        f"DATABASE_PASSWORD: {PASSWORD}",
    ),
    (
        MigrationSettings,
        {"DATABASE_PASSWORD": ""},
        "DATABASE_PASSWORD: should be set, as DATABASE_URL has no password,",
    ),
    (MigrationSettings, {"AUTH_DATABASE_PASSWORD": "auth"}, f"AUTH_DATABASE_PASSWORD: {PASSWORD}"),
    (RedisSettings, {"REDIS_URL": "redis://:redis@cache"}, f"REDIS_URL: {PASSWORD}"),
    (
        RedisSettings,
        {"REDIS_URL": "rediss://cache", "REDIS_PASSWORD": "aaaaaaaaaaaaaaaa"},
        f"REDIS_PASSWORD: {PASSWORD}",
    ),
    (
        RedisSettings,
        {"REDIS_URL": "redis://127.0.0.1:6379/0"},
        "REDIS_PASSWORD: should be set, as REDIS_URL has no password,",
    ),
    *(
        (MigrationSettings, {"DATABASE_URL": f"postgresql://app@{place}"}, VERIFIED)
        for place in (
            "db/app",
            "db/app?sslmode=require&sslrootcert=/ca",
            "db/app?sslmode=verify-ca&sslrootcert=/ca",
            "db/app?sslmode=verify-full",
            "127.0.0.1,db/app",
            "localhost/app?hostaddr=192.0.2.1",
        )
    ),
    (RedisSettings, {"REDIS_URL": "redis://cache", "REDIS_PASSWORD": "correct horse battery"}, REDISS),
    (GatewaySettings, {"AUTH_URL": "http://127.0.0.1:8001"}, "AUTH_URL: should not be an address of this machine"),
    (
        GatewaySettings,
        {"PROJECTS_URL": "http://localhost:8002"},
        "PROJECTS_URL: should not be an address of this machine",
    ),
    (
        GatewaySettings,
        {"JWKS_URL": "http://[::1]:8001/jwks.json"},
        "JWKS_URL: should not be an address of this machine",
    ),
]
ONLY_IN_PRODUCTION = [
    ({"LOG_LEVEL": "DEBUG"}, "LOG_LEVEL: should not be DEBUG"),
    ({"CORS_ORIGINS": "https://a.example.org,https://localhost:3000"}, "CORS_ORIGINS: should be https:// addresses"),
    ({"CORS_ORIGINS": "http://127.0.0.1:3000"}, "CORS_ORIGINS: should be https:// addresses"),
    ({"CORS_ORIGINS": "http://app.example.org"}, "CORS_ORIGINS: should be https:// addresses"),
]


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize(("kind", "settings", "error"), DEVELOPMENT_ONLY)
def test_development_values_are_rejected_when_deployed(
    environment: str, kind: type[Settings], settings: dict[str, str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = dict(GOOD)[kind] | settings
    os.environ.update({**needed, "ENVIRONMENT": "development"})
    load(kind)
    os.environ["ENVIRONMENT"] = environment
    problem, advice = load_error(kind, capsys)
    assert problem == f"Missing or invalid settings: {error} in {environment}."
    assert f"nox -s config -- {environment}" in advice


@pytest.mark.parametrize(("settings", "error"), ONLY_IN_PRODUCTION)
def test_staging_allows_debugging_that_production_rejects(
    settings: dict[str, str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.environ.update({**GATEWAY, **settings, "ENVIRONMENT": "staging"})
    load(GatewaySettings)
    os.environ["ENVIRONMENT"] = "production"
    problem, _ = load_error(GatewaySettings, capsys)
    assert problem.startswith(f"Missing or invalid settings: {error}")
    assert problem.endswith("in production.")


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize(("kind", "settings"), GOOD)
def test_strong_values_are_accepted_everywhere(
    environment: str, kind: type[Settings], settings: dict[str, str]
) -> None:
    os.environ.update({**settings, "ENVIRONMENT": environment})
    assert load(kind).environment == environment


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (MigrationSettings, "postgresql:///app?host=/run/postgresql"),
        (MigrationSettings, f"postgresql://app@db/app?sslcert=/run/secrets/client.pem&{ENCRYPTED}"),
        (DatabaseSettings, "postgresql://app@127.0.0.1,[::1],localhost/app"),
        (RedisSettings, "unix:///run/redis.sock"),
    ],
)
def test_sockets_certificates_and_loopback_databases_are_accepted_in_production(kind: type[Settings], url: str) -> None:
    name = "REDIS_URL" if kind is RedisSettings else "DATABASE_URL"
    os.environ.update({**ROLES, name: url, "ENVIRONMENT": "production"})
    load(kind)


def test_all_invalid_settings_are_reported_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    os.environ.update({**GATEWAY, "ENVIRONMENT": "production", "LOG_LEVEL": "DEBUG", "AUTH_URL": "http://localhost"})
    del os.environ["PROJECTS_URL"]
    problem, _ = load_error(GatewaySettings, capsys)
    assert all(name in problem for name in ("LOG_LEVEL", "AUTH_URL", "PROJECTS_URL: Field required"))


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_env_file_is_not_read_when_deployed(capsys: pytest.CaptureFixture[str], environment: str) -> None:
    write("APP_NAME=File\n")
    os.environ["ENVIRONMENT"] = environment
    assert "APP_NAME: Field required" in load_error(ServiceSettings, capsys)[0]
