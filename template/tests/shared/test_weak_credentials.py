import base64
import secrets

import pytest

from shared.security.weak_credentials import Login, parse_login, password_weakness, seed_weakness


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://app:p%40ss@db:5432/app", Login("app", "p@ss", passwordless=False)),
        ("postgresql://app@db/app", Login("app", None, passwordless=False)),
        ("postgresql://db/app?user=app&password=word", Login("app", "word", passwordless=False)),
        ("postgresql:///app?host=/run/postgresql", Login(None, None, passwordless=True)),
        ("postgresql:///app?host=db", Login(None, None, passwordless=False)),
        ("postgresql://app@db/app?sslcert=a.pem", Login("app", None, passwordless=True)),
        ("redis://:word@cache:6379/0", Login(None, "word", passwordless=False)),
        ("unix:///run/redis.sock", Login(None, None, passwordless=True)),
    ],
)
def test_parse_login(url: str, expected: Login) -> None:
    assert parse_login(url) == expected


@pytest.mark.parametrize(
    "password",
    [
        "app",
        "password",
        "postgres",
        "changeme",
        "Password-2026!",
        "ababababababab",
        "short",
        "a-long-user-name",
        "x" * 40,
    ],
)
def test_guessable_password_is_weak(password: str) -> None:
    assert password_weakness(password, "A-long-user-name")


@pytest.mark.parametrize("user", [None, "app"])
def test_random_password_is_not_weak(user: str | None) -> None:
    for _ in range(1000):
        assert password_weakness(secrets.token_urlsafe(12), user) is None
        assert password_weakness(secrets.token_hex(16), user) is None


@pytest.mark.parametrize(
    "seed",
    [
        b"\0" * 32,
        bytes(range(32)),
        bytes(range(0, 64, 2)),
        b"0123456789abcdef" * 2,
        b"a" * 31 + b"b",
        b"any text of 32 characters, yes :)",
    ],
)
def test_seed_with_a_pattern_is_weak(seed: bytes) -> None:
    assert seed_weakness(seed)


def test_random_seed_is_not_weak() -> None:
    assert not any(seed_weakness(secrets.token_bytes(32)) for _ in range(10_000))
    assert seed_weakness(base64.urlsafe_b64decode("R3kqVb0u0sJX2mZ8m0oWc1pYtF5nQd7aEhLgKxBvSzU=")) is None


def test_invalid_url_is_not_shown() -> None:
    with pytest.raises(ValueError, match=r"^should be a URL$"):
        parse_login("postgresql://app:hunter2\uff0f@db/app")
