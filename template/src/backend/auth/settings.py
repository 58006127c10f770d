"""What the auth service is told."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from auth.refresh_tokens import Rotation
from shared.database.engine import DatabaseSettings
from shared.redis import RedisSettings
from shared.security.credentials import weak_seed
from shared.security.tokens import SEED_BYTES
from shared.settings import Port, Seconds, ServiceSettings, refuse

OWASP_MEMORY_KIB = 19_456


def _check_seed(key: SecretStr) -> SecretStr:
    if len(decode_seed(key)) != SEED_BYTES:
        raise ValueError(f"should be {SEED_BYTES} random bytes in URL-safe base64")
    return key


def decode_seed(key: SecretStr) -> bytes:
    """The bytes of the signing key; empty if it is not base64."""
    text = key.get_secret_value().rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _guessable(key: SecretStr, _others: Mapping[str, Any]) -> str | None:
    return weak_seed(decode_seed(key))


def _quick(memory: int, _others: Mapping[str, Any]) -> str | None:
    return f"should be at least {OWASP_MEMORY_KIB}" if memory < OWASP_MEMORY_KIB else None


class AuthSettings(ServiceSettings, DatabaseSettings, RedisSettings):
    """What the auth service is told."""

    auth_port: Port = 8001
    """The port to listen on."""

    auth_signing_key: Annotated[SecretStr, AfterValidator(_check_seed), refuse(_guessable)]
    """Secret: 32 random bytes in URL-safe base64, from which the key is made that signs access tokens."""

    access_token_lifetime: Seconds = 900
    """Seconds for which an access token is good."""

    refresh_token_lifetime: Seconds = 30 * 24 * 3600
    """Seconds after which a session ends that is not refreshed."""

    refresh_token_leeway: float = Field(default=10, ge=0)
    """Seconds for which a refresh token that was just used gives the same next one again, as to two browser tabs."""

    argon2_memory_kib: Annotated[int, Field(ge=8), refuse(_quick)] = 65_536
    """KiB of memory that hashing a password takes."""

    argon2_rounds: int = Field(default=3, ge=1)
    """Passes that hashing a password makes over that memory."""

    argon2_timeout: Seconds = 5
    """Seconds that a password may wait for its turn to be hashed; then the answer is 503, so that no backlog grows."""

    @property
    def access_lifetime(self) -> timedelta:
        """`access_token_lifetime` as a timedelta."""
        return timedelta(seconds=self.access_token_lifetime)

    @property
    def rotation(self) -> Rotation:
        """How refresh tokens follow one another."""
        key = hmac.digest(decode_seed(self.auth_signing_key), b"refresh tokens", "sha256")
        lifetime, leeway = self.refresh_token_lifetime, self.refresh_token_leeway
        return Rotation(key, timedelta(seconds=lifetime), timedelta(seconds=leeway))
