import base64
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from auth.settings import AuthSettings, parse_keys

SEED = "A" * 43
WRONG = [
    *("short", "A" * 44, "=" * 43, "é" * 43, "!" * 43),
    *(f"{SEED},", f"{SEED},{SEED}", f"{SEED},short@2026-01-01T00:00:00Z", f"{SEED}@2026-01-01T00:00:00Z"),
    *(f"{SEED},{SEED}@soon", f"{SEED},{SEED}@2026-01-01T00:00:00"),
    f"{SEED},{SEED}@2026-01-02T00:00:00Z,{SEED}@2026-01-01T00:00:00Z",
]


@pytest.mark.parametrize("key", WRONG)
def test_invalid_signing_key_is_rejected_and_not_shown(common: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as error:
        AuthSettings(**common, auth_signing_key=key)
    assert "32 random bytes" in str(error.value)
    assert key not in str(error.value)


def test_signing_key_padding_is_optional(auth_settings: AuthSettings) -> None:
    [key] = parse_keys(SecretStr(auth_settings.auth_signing_key.get_secret_value().rstrip("=")))
    assert key.seed == bytes(range(32))
    assert str(key.seed) not in repr(key)


RANDOM = "R3kqVb0u0sJX2mZ8m0oWc1pYtF5nQd7aEhLgKxBvSzU="
LOGINS: dict[str, Any] = {
    "app_name": "x",
    "database_url": "postgresql://app@db/app?sslmode=verify-full&sslrootcert=/ca",
    "auth_database_password": "correct horse battery staple",
    "redis_url": "rediss://:T8d3xNc6Vq0y@cache",
    "auth_signing_key": RANDOM,
}


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_weak_argon2_parameters_are_rejected_when_deployed(environment: str) -> None:
    deployed: dict[str, Any] = {**LOGINS, "environment": environment}
    assert AuthSettings(**deployed).argon2_memory_kib == 65_536
    with pytest.raises(ValidationError, match=f"argon2_memory_kib\n  should be at least 19456 in {environment}"):
        AuthSettings(**deployed, argon2_memory_kib=8)


@pytest.mark.parametrize(
    "seed", [b"\0" * 32, b"x" * 32, bytes(range(32)), b"change me, change me, change me!", b"ab" * 16]
)
def test_non_random_signing_key_is_rejected_when_deployed(seed: bytes) -> None:
    key = base64.urlsafe_b64encode(seed).decode()
    AuthSettings(**{**LOGINS, "environment": "development", "auth_signing_key": key})
    for environment in ("staging", "production"):
        for keys in (key, f"{RANDOM},{key}@2026-01-01T00:00:00Z"):
            with pytest.raises(ValidationError, match="auth_signing_key\n  should be random bytes") as error:
                AuthSettings(**{**LOGINS, "environment": environment, "auth_signing_key": keys})
            assert key not in str(error.value)
