from typing import Any

import pytest
from pydantic import ValidationError

from auth.settings import AuthSettings, decode_seed


@pytest.mark.parametrize("key", ["short", "A" * 44, "=" * 43, "é" * 43, "!" * 43])
def test_a_signing_key_that_is_none_is_refused_and_not_repeated(common: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AuthSettings(**common, auth_signing_key=key)
    assert "32 random bytes" in str(refused.value)
    assert key not in str(refused.value)


def test_base64_with_and_without_padding_is_the_same_key(auth_settings: AuthSettings) -> None:
    assert decode_seed(auth_settings.auth_signing_key) == bytes(range(32))


def test_weak_hashing_is_refused_in_production(common: dict[str, Any], auth_settings: AuthSettings) -> None:
    production = {**common, "environment": "production", "auth_signing_key": auth_settings.auth_signing_key}
    assert AuthSettings(**production).argon2_memory_kib == 65_536
    with pytest.raises(ValidationError, match="ARGON2_MEMORY_KIB"):
        AuthSettings(**production, argon2_memory_kib=8)
