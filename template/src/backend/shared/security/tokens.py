"""Access tokens: signing and verifying JWTs with Ed25519."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
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


class Signer:
    """Signs tokens with the key derived from a seed; also provides the public keys to verify them.

    The keys of `other_seeds` verify tokens that were signed before the key was rotated, or with the next one.
    """

    def __init__(self, seed: bytes, lifetime: timedelta, *other_seeds: bytes) -> None:
        self.lifetime = lifetime
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        public = [Ed25519PrivateKey.from_private_bytes(each).public_key() for each in (seed, *other_seeds)]
        self.jwks = [_jwk(key) for key in public]
        self.jwk = self.jwks[0]
        self._keys = {jwk["kid"]: key for jwk, key in zip(self.jwks, public, strict=True)}

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
        return jwt.encode(claims, self._private, ALGORITHM, headers={"kid": self.jwk["kid"], "typ": TYPE})

    async def find(self, key_id: str) -> Ed25519PublicKey | None:
        """The public key with this ID."""
        return self._keys.get(key_id)


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
