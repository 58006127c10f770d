import base64
import secrets

import pytest

from shared.security.credentials import Login, login, weak_password, weak_seed


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://app:p%40ss@db:5432/app", Login("app", "p@ss", needs_none=False)),
        ("postgresql://app@db/app", Login("app", None, needs_none=False)),
        ("postgresql://db/app?user=app&password=word", Login("app", "word", needs_none=False)),
        ("postgresql:///app?host=/run/postgresql", Login(None, None, needs_none=True)),
        ("postgresql:///app?host=db", Login(None, None, needs_none=False)),
        ("postgresql://app@db/app?sslcert=a.pem", Login("app", None, needs_none=True)),
        ("redis://:word@cache:6379/0", Login(None, "word", needs_none=False)),
        ("unix:///run/redis.sock", Login(None, None, needs_none=True)),
    ],
)
def test_a_login_is_read_from_a_url(url: str, expected: Login) -> None:
    assert login(url) == expected


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
def test_a_password_that_can_be_guessed_is_weak(password: str) -> None:
    assert weak_password(password, "A-long-user-name")


@pytest.mark.parametrize("user", [None, "app"])
def test_a_random_password_is_not_weak(user: str | None) -> None:
    for _ in range(1000):
        assert weak_password(secrets.token_urlsafe(12), user) is None
        assert weak_password(secrets.token_hex(16), user) is None


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
def test_a_seed_with_a_pattern_is_weak(seed: bytes) -> None:
    assert weak_seed(seed)


def test_a_random_seed_is_not_weak() -> None:
    assert not any(weak_seed(secrets.token_bytes(32)) for _ in range(10_000))
    assert weak_seed(base64.urlsafe_b64decode("R3kqVb0u0sJX2mZ8m0oWc1pYtF5nQd7aEhLgKxBvSzU=")) is None


def test_a_url_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(ValueError, match=r"^should be a URL$"):
        login("postgresql://app:hunter2\uff0f@db/app")
