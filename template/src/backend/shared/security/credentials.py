"""Tells passwords and keys that can be guessed; the words that are returned never repeat them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr

SHORTEST_PASSWORD = 12
# Of these, whatever stands around them.
WORDS = (
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
# Fewer different characters than any random password of that length has.
FEWEST_CHARACTERS = 6
# Of 32 random bytes, and of the steps between them, more than 25 differ all but always.
FEWEST_BYTES = 16
PRINTABLE = range(0x20, 0x7F)


@dataclass(frozen=True)
class Login:
    """Who a URL logs in as; `needs_none` where the server knows its clients without a password."""

    user: str | None
    password: str | None
    needs_none: bool


def login(url: str) -> Login:
    """The login in the URL of a database or of Redis; ValueError when it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        # Its own words may repeat the password.
        raise ValueError("should be a URL") from None
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    password = unquote(parts.password) if parts.password else query.get("password")
    is_socket = not parts.hostname and query.get("host", "/").startswith("/")
    user = unquote(parts.username) if parts.username else query.get("user")
    return Login(user, password, needs_none=is_socket or "sslcert" in query)


def weak_in_url(url: SecretStr, _others: Mapping[str, Any]) -> str | None:
    """What is wrong with the password in a URL; a rule for `shared.settings.refuse`."""
    own = login(url.get_secret_value())
    return weak_password(own.password, own.user) if own.password else None


def weak_beside(url: str, password: SecretStr | None, others: Mapping[str, Any]) -> str | None:
    """What is wrong with the password beside the URL in the field `url`, or with having none."""
    if not isinstance(others.get(url), SecretStr):
        return None
    own = login(others[url].get_secret_value())
    if password:
        return weak_password(password.get_secret_value(), own.user)
    return None if own.password or own.needs_none else f"should be set, as {url.upper()} has no password,"


def weak_password(password: str, user: str | None) -> str | None:
    """What is wrong with a password that a machine uses; None when it is hard to guess."""
    known = password.lower()
    is_word = known == (user or "").lower() or any(word in known for word in WORDS)
    if is_word or len(password) < SHORTEST_PASSWORD or len(set(password)) < FEWEST_CHARACTERS:
        return f"should have a password of {SHORTEST_PASSWORD} random characters or more"
    return None


def weak_seed(seed: bytes) -> str | None:
    """What is wrong with the bytes that a key is made from; None when they look random."""
    steps = {(after - before) % 256 for before, after in pairwise(seed)}
    is_text = all(byte in PRINTABLE for byte in seed)
    if is_text or min(len(set(seed)), len(steps)) < FEWEST_BYTES:
        return "should be made from random bytes"
    return None
