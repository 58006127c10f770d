"""What the auth service is told."""

import base64
import binascii
import hmac
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from auth.refresh_tokens import Rotation
from shared.database.engine import DatabaseSettings
from shared.redis import RedisSettings
from shared.security.tokens import SEED_BYTES
from shared.settings import Environment, Port, Seconds, ServiceSettings

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


class AuthSettings(ServiceSettings, DatabaseSettings, RedisSettings):
    """What the auth service is told."""

    auth_port: Port = 8001
    """The port to listen on."""

    auth_signing_key: Annotated[SecretStr, AfterValidator(_check_seed)]
    """Secret: 32 random bytes in URL-safe base64, from which the key is made that signs access tokens."""

    access_token_lifetime: Seconds = 900
    """Seconds for which an access token is good."""

    refresh_token_lifetime: Seconds = 30 * 24 * 3600
    """Seconds after which a session ends that is not refreshed."""

    refresh_token_leeway: float = Field(default=10, ge=0)
    """Seconds for which a refresh token that was just used gives the same next one again, as to two browser tabs."""

    argon2_memory_kib: int = Field(default=65_536, ge=8)
    """KiB of memory that hashing a password takes."""

    argon2_rounds: int = Field(default=3, ge=1)
    """Passes that hashing a password makes over that memory."""

    @model_validator(mode="after")
    def _strong_in_production(self) -> Self:
        if self.environment is Environment.PRODUCTION and self.argon2_memory_kib < OWASP_MEMORY_KIB:
            raise ValueError(f"ARGON2_MEMORY_KIB should be at least {OWASP_MEMORY_KIB} in production")
        return self

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
