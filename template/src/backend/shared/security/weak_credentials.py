"""Detects passwords and keys that can be guessed; the messages do not contain them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr

MIN_PASSWORD_LENGTH = 12
# A password that contains one of these is weak.
COMMON_PARTS = (
    "password",
    "passwort",
    "changeme",
    "change-me",
    "change_me",
    "example",
    "default",
    "postgres",
    "qwerty",
    "123456",
)
# A random password of that length has more distinct characters.
MIN_DISTINCT_CHARACTERS = 6
# Of 32 random bytes, and of the differences between neighbors, more than 25 are almost always distinct.
MIN_DISTINCT_BYTES = 16
PRINTABLE = range(0x20, 0x7F)


@dataclass(frozen=True)
class Login:
    """The login of a URL; `passwordless` if the server authenticates clients by socket or certificate."""

    user: str | None
    password: str | None
    passwordless: bool


def parse_login(url: str) -> Login:
    """Parse the login of a database or Redis URL; raises ValueError if the URL is invalid."""
    try:
        parts = urlsplit(url)
    except ValueError:
        # The original message may contain the password.
        raise ValueError("should be a URL") from None
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    password = unquote(parts.password) if parts.password else query.get("password")
    is_socket = (unquote(parts.hostname or "") or query.get("host", "/")).startswith("/")
    user = unquote(parts.username) if parts.username else query.get("user")
    return Login(user, password, passwordless=is_socket or "sslcert" in query)


def url_weakness(url: SecretStr, _others: Mapping[str, Any]) -> str | None:
    """Rule for `shared.settings.refuse`: the password in a URL."""
    login = parse_login(url.get_secret_value())
    return password_weakness(login.password, login.user) if login.password else None


def password_in_url(field: str, url: SecretStr, _others: Mapping[str, Any]) -> str | None:
    """Rule for `shared.settings.refuse`: a password in a URL, whose place is another field."""
    has_password = parse_login(url.get_secret_value()).password
    return f"should have no password, as {field.upper()} is a separate setting," if has_password else None


def role_password_weakness(password: SecretStr, _others: Mapping[str, Any]) -> str | None:
    """Rule for `shared.settings.refuse`: the password of a role that no URL names."""
    return password_weakness(password.get_secret_value(), None)


def separate_password_weakness(url: str, password: SecretStr | None, others: Mapping[str, Any]) -> str | None:
    """Rule for `shared.settings.refuse`: the password that is a separate setting from the URL in the field `url`."""
    if not isinstance(others.get(url), SecretStr):
        return None
    login = parse_login(others[url].get_secret_value())
    if password:
        return password_weakness(password.get_secret_value(), login.user)
    return None if login.password or login.passwordless else f"should be set, as {url.upper()} has no password,"


def password_weakness(password: str, user: str | None) -> str | None:
    """What is wrong with the password of a service account; None if it is hard to guess."""
    lowered = password.lower()
    is_common = lowered == (user or "").lower() or any(part in lowered for part in COMMON_PARTS)
    if is_common or len(password) < MIN_PASSWORD_LENGTH or len(set(password)) < MIN_DISTINCT_CHARACTERS:
        return f"should have a password of {MIN_PASSWORD_LENGTH} random characters or more"
    return None


def seed_weakness(seed: bytes) -> str | None:
    """What is wrong with the seed of a key; None if it seems random."""
    differences = {(after - before) % 256 for before, after in pairwise(seed)}
    is_text = all(byte in PRINTABLE for byte in seed)
    if is_text or min(len(set(seed)), len(differences)) < MIN_DISTINCT_BYTES:
        return "should be random bytes"
    return None
