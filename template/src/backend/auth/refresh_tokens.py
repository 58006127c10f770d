"""Makes and reads refresh tokens."""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self
from uuid import UUID

PART_BYTES = 32
TOKEN_BYTES = 16 + 2 * PART_BYTES


@dataclass(frozen=True)
class RefreshToken:
    """A session's ID, a secret that all its tokens share, and one that only this token has."""

    session_id: UUID
    family: bytes
    own: bytes

    @classmethod
    def first(cls, session_id: UUID) -> Self:
        """The first token of a session."""
        return cls(session_id, secrets.token_bytes(PART_BYTES), secrets.token_bytes(PART_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The token that was sent; None if it cannot be one."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != TOKEN_BYTES:
            return None
        return cls(UUID(bytes=raw[:16]), raw[16 : 16 + PART_BYTES], raw[16 + PART_BYTES :])

    def __str__(self) -> str:
        raw = self.session_id.bytes + self.family + self.own
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


@dataclass(frozen=True)
class Rotation:
    """How refresh tokens follow one another, how long each is good, and for how long the one before still is.

    What comes after a token follows from it and the key: two tabs of a browser that refresh at once, or a client that
    missed an answer, get the same token.
    """

    key: bytes
    lifetime: timedelta
    leeway: timedelta

    def next(self, token: RefreshToken) -> RefreshToken:
        """The token that takes the place of this one."""
        return replace(token, own=hmac.digest(self.key, token.family + token.own, "sha256"))


def digest(part: bytes) -> bytes:
    """What is stored of a part; it is random enough to need no salt."""
    return hashlib.sha256(part).digest()
