"""Settings of the auth service."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from auth.refresh_tokens import Rotation
from shared.database.engine import DatabaseSettings, RolePassword
from shared.rate_limits import Rate
from shared.redis import RedisSettings
from shared.security.tokens import SEED_BYTES
from shared.security.weak_credentials import seed_weakness
from shared.settings import Port, Seconds, ServiceSettings, refuse

# The minimum that OWASP recommends.
MIN_MEMORY_KIB = 19_456


def _check_seed(key: SecretStr) -> SecretStr:
    if len(decode_seed(key)) != SEED_BYTES:
        raise ValueError(f"should be {SEED_BYTES} random bytes in URL-safe base64")
    return key


def _check_optional_seed(key: SecretStr | None) -> SecretStr | None:
    return _check_seed(key) if key else None


def decode_seed(key: SecretStr) -> bytes:
    """The bytes of the signing key; empty if it is not base64."""
    text = key.get_secret_value().rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _guessable(key: SecretStr | None, _others: Mapping[str, Any]) -> str | None:
    return seed_weakness(decode_seed(key)) if key else None


def _too_little_memory(memory: int, _others: Mapping[str, Any]) -> str | None:
    return f"should be at least {MIN_MEMORY_KIB}" if memory < MIN_MEMORY_KIB else None


OptionalSeed = Annotated[SecretStr | None, AfterValidator(_check_optional_seed), refuse(_guessable)]


class AuthSettings(ServiceSettings, DatabaseSettings, RedisSettings):
    """Settings of the auth service."""

    auth_port: Port = 8001
    """The port to listen on."""

    auth_database_password: RolePassword
    """Secret: the password of the auth service in the database."""

    auth_signing_key: Annotated[SecretStr, AfterValidator(_check_seed), refuse(_guessable)]
    """Secret: 32 random bytes in URL-safe base64, the seed of the key that signs access tokens."""

    auth_previous_signing_key: OptionalSeed = None
    """Secret: the signing key before its rotation, still accepted; with several instances, first the next one."""

    access_token_lifetime: Seconds = 900
    """Seconds until an access token expires."""

    refresh_token_lifetime: Seconds = 30 * 24 * 3600
    """Seconds until a session expires that is not refreshed."""

    session_lifetime: Seconds = 90 * 24 * 3600
    """Seconds until a session expires, however often it is refreshed."""

    refresh_token_leeway: float = Field(default=10, ge=0)
    """Seconds for which a replaced refresh token still returns the same new one, for example to two browser tabs."""

    sessions_per_user: int = Field(default=20, ge=1)
    """Sessions of a user; a log-in beyond them ends the one that was not refreshed for the longest time."""

    argon2_memory_kib: Annotated[int, Field(ge=8), refuse(_too_little_memory)] = 65_536
    """KiB of memory to hash a password with."""

    argon2_rounds: int = Field(default=3, ge=1)
    """Passes over that memory."""

    argon2_timeout: Seconds = 5
    """Seconds that a password may wait to be hashed before the response is 503."""

    rate_limit_account: Rate = "20/5 minutes"
    """Logins and other requests with a password of an email address or user, and refreshes of a session, each."""

    @property
    def seeds(self) -> list[bytes]:
        """The seed of the signing key, then that of the previous one, if any."""
        return [decode_seed(key) for key in (self.auth_signing_key, self.auth_previous_signing_key) if key]

    @property
    def access_lifetime(self) -> timedelta:
        """`access_token_lifetime` as a timedelta."""
        return timedelta(seconds=self.access_token_lifetime)

    @property
    def rotation(self) -> Rotation:
        """The rotation of refresh tokens."""
        keys = [hmac.digest(seed, b"refresh tokens", "sha256") for seed in self.seeds]
        lifetime, leeway = self.refresh_token_lifetime, self.refresh_token_leeway
        return Rotation(keys, timedelta(seconds=lifetime), timedelta(seconds=leeway))
