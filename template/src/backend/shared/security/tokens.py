"""Access tokens: signing and verifying JWTs with Ed25519."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ALGORITHM = "EdDSA"
ISSUER = "auth"
AUDIENCE = "api"
CLOCK_SKEW = timedelta(seconds=5)
# Of access tokens (RFC 9068), so that no other JWT is accepted as one.
TYPE = "at+jwt"
SEED_BYTES = 32
ALWAYS = datetime.min.replace(tzinfo=UTC)


class InvalidTokenError(Exception):
    """The token is malformed, expired, or signed by someone else."""


@dataclass(frozen=True)
class Claims:
    """The claims of a verified access token; `expires` is in seconds since the epoch."""

    user_id: UUID
    session_id: UUID
    expires: int


class KeySource(Protocol):
    """A source of the public keys that verify tokens."""

    async def find(self, key_id: str) -> Ed25519PublicKey | None:
        """The key with this ID; None if it is unknown."""


@dataclass(frozen=True)
class SigningKey:
    """A key by its seed, and the time from which it signs instead of the one before it."""

    seed: bytes = field(repr=False)
    since: datetime = ALWAYS

    @cached_property
    def private(self) -> Ed25519PrivateKey:
        """The key."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def jwk(self) -> dict[str, str]:
        """Its public part."""
        return _jwk(self.private.public_key())


def current(keys: Sequence[SigningKey], now: datetime) -> int:
    """The index of the key that signs at this time."""
    return max(index for index, key in enumerate(keys) if key.since <= now)


class Signer:
    """Signs tokens with the current one of several keys, in the order of their times, and has their public parts.

    A later key is published before it signs. An earlier one is accepted until the last token that it signed expires.
    """

    def __init__(self, keys: Sequence[SigningKey], lifetime: timedelta) -> None:
        self.lifetime = lifetime
        self._keys = keys

    def sign(self, user_id: UUID, session_id: UUID, now: datetime, lifetime: timedelta | None = None) -> str:
        """Create an access token for a session, which may expire before the usual lifetime."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": now,
            "exp": now + (self.lifetime if lifetime is None else lifetime),
        }
        key = self._keys[current(self._keys, now)]
        return jwt.encode(claims, key.private, ALGORITHM, headers={"kid": key.jwk["kid"], "typ": TYPE})

    def accepted(self, now: datetime) -> list[SigningKey]:
        """The keys whose tokens are accepted at this time."""
        return list(self._keys[current(self._keys, now - self.lifetime - CLOCK_SKEW) :])

    async def find(self, key_id: str) -> Ed25519PublicKey | None:
        """The public key with this ID, if it is accepted."""
        found = (key for key in self.accepted(datetime.now(UTC)) if key.jwk["kid"] == key_id)
        return next((key.private.public_key() for key in found), None)


async def verify(token: str, keys: KeySource) -> Claims:
    """The claims of the token; raises InvalidTokenError if it is invalid."""
    try:
        header = jwt.get_unverified_header(token)
        if str(header.get("typ")).lower().removeprefix("application/") != TYPE:
            raise InvalidTokenError("not an access token")
        key = await keys.find(str(header.get("kid")))
        if key is None:
            raise InvalidTokenError("signed with an unknown key")
        claims = _decode(token, key)
        return Claims(UUID(claims["sub"]), UUID(claims["sid"]), claims["exp"])
    except (jwt.InvalidTokenError, ValueError) as error:
        raise InvalidTokenError(str(error)) from error


def _decode(token: str, key: Ed25519PublicKey) -> dict[str, Any]:
    return jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        issuer=ISSUER,
        audience=AUDIENCE,
        leeway=CLOCK_SKEW,
        options={"require": ["exp", "iat", "iss", "aud", "sub", "sid"]},
    )


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """The key as a JWK (RFC 8037); its ID is the thumbprint (RFC 7638)."""
    x = _base64(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    members = {"crv": "Ed25519", "kty": "OKP", "x": x}
    thumbprint = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return {**members, "alg": ALGORITHM, "use": "sig", "kid": _base64(thumbprint)}


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
