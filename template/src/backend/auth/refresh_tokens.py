"""Refresh tokens and their rotation."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from shared.security.tokens import SigningKey, current

PART_BYTES = 32
TOKEN_BYTES = 16 + 2 * PART_BYTES


@dataclass(frozen=True)
class RefreshToken:
    """A session ID, a secret shared by all tokens of the session, and a secret unique to this token."""

    session_id: UUID
    family: bytes
    unique: bytes

    @classmethod
    def first(cls, session_id: UUID) -> Self:
        """The first token of a session."""
        return cls(session_id, secrets.token_bytes(PART_BYTES), secrets.token_bytes(PART_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse a token; None if the text is malformed."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != TOKEN_BYTES:
            return None
        return cls(UUID(bytes=raw[:16]), raw[16 : 16 + PART_BYTES], raw[16 + PART_BYTES :])

    def __str__(self) -> str:
        raw = self.session_id.bytes + self.family + self.unique
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


@dataclass(frozen=True)
class Rotation:
    """Refresh token rotation: the signing keys, the lifetime of a token, and its leeway after it was replaced.

    The next token is derived from the given one and the current key, so that repeated refreshes return the same token:
    two browser tabs may refresh at once, and a client may repeat a refresh whose response it has not received. With the
    other keys, it may have been replaced before the rotation of the keys, or by a process whose clock differs.
    """

    keys: Sequence[SigningKey]
    lifetime: timedelta
    leeway: timedelta

    def next(self, token: RefreshToken, now: datetime) -> RefreshToken:
        """The token that replaces this one at this time."""
        return _next(token, self.keys[current(self.keys, now)])

    def find(self, token: RefreshToken, token_hash: bytes) -> RefreshToken | None:
        """The token with this hash if it has replaced the given one."""
        candidates = (_next(token, key) for key in self.keys)
        return next((each for each in candidates if hmac.compare_digest(token_hash, digest(each.unique))), None)


def _next(token: RefreshToken, key: SigningKey) -> RefreshToken:
    derived = hmac.digest(key.seed, b"refresh tokens", "sha256")
    return replace(token, unique=hmac.digest(derived, token.family + token.unique, "sha256"))


def digest(part: bytes) -> bytes:
    """The hash to store of a token part; random input needs no salt."""
    return hashlib.sha256(part).digest()
