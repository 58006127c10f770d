"""Settings of the auth service."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from auth.refresh_tokens import Rotation
from shared.database.engine import DatabaseSettings, RolePassword
from shared.mail import MailRequestSettings
from shared.rate_limits import Rate
from shared.redis import RedisSettings
from shared.security.tokens import ALWAYS, SEED_BYTES, SigningKey
from shared.security.weak_credentials import seed_weakness
from shared.settings import Port, Seconds, ServiceSettings, refuse

# The minimum that OWASP recommends.
MIN_MEMORY_KIB = 19_456


def _check_keys(text: SecretStr) -> SecretStr:
    try:
        keys = parse_keys(text)
    except ValueError:
        keys = []
    times = [key.since for key in keys]
    if not keys or times[0] > ALWAYS or sorted(set(times)) != times or any(len(key.seed) != SEED_BYTES for key in keys):
        raise ValueError(f"should be {SEED_BYTES} random bytes in URL-safe base64; more keys follow as ,KEY@TIME")
    return text


def parse_keys(text: SecretStr) -> list[SigningKey]:
    """The signing keys. Raises ValueError for one that is not base64, or whose time is not ISO 8601 with a zone."""
    pairs = [each.partition("@")[::2] for each in text.get_secret_value().split(",")]
    return [SigningKey(_decode(key), _parse_time(time) if time else ALWAYS) for key, time in pairs]


def _decode(key: str) -> bytes:
    bare = key.rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)


def _parse_time(text: str) -> datetime:
    """The time; without a zone, it could not be compared."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError
    return time


def _guessable(text: SecretStr, _others: Mapping[str, Any]) -> str | None:
    return next((weakness for key in parse_keys(text) if (weakness := seed_weakness(key.seed))), None)


def _too_little_memory(memory: int, _others: Mapping[str, Any]) -> str | None:
    return f"should be at least {MIN_MEMORY_KIB}" if memory < MIN_MEMORY_KIB else None


class AuthSettings(ServiceSettings, DatabaseSettings, RedisSettings, MailRequestSettings):
    """Settings of the auth service."""

    auth_port: Port = 8001
    """The port to listen on."""

    auth_database_password: RolePassword
    """Secret: the password of the auth service in the database."""

    auth_signing_key: Annotated[SecretStr, AfterValidator(_check_keys), refuse(_guessable)]
    """Secret: 32 random bytes in URL-safe base64, the seed of the key that signs access tokens.

    KEY,KEY@TIME also accepts the second key, which signs instead of the first from this time on; see `Signer`.
    """

    access_token_lifetime: Seconds = 900
    """Seconds until an access token expires."""

    refresh_token_lifetime: Seconds = 30 * 24 * 3600
    """Seconds until a session expires that is not refreshed."""

    session_lifetime: Seconds = 90 * 24 * 3600
    """Seconds until a session expires, however often it is refreshed."""

    refresh_token_leeway: float = Field(default=30, ge=0)
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
    def signing_keys(self) -> list[SigningKey]:
        """The signing keys in the order of their times."""
        return parse_keys(self.auth_signing_key)

    @property
    def access_lifetime(self) -> timedelta:
        """`access_token_lifetime` as a timedelta."""
        return timedelta(seconds=self.access_token_lifetime)

    @property
    def rotation(self) -> Rotation:
        """The rotation of refresh tokens."""
        lifetime, leeway = self.refresh_token_lifetime, self.refresh_token_leeway
        return Rotation(self.signing_keys, timedelta(seconds=lifetime), timedelta(seconds=leeway))
