"""Fetches and caches the public keys that verify access tokens."""

import asyncio
import json
from datetime import timedelta
from time import monotonic
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pyreqwest.client import Client
from pyreqwest.exceptions import PyreqwestError

from shared.http import get_bytes
from shared.settings import ServiceUrl, Settings

TIMEOUT = timedelta(seconds=3)
MAX_AGE_SECONDS = 300.0
MIN_RETRY_SECONDS = 5.0


class JwksSettings(Settings):
    """Settings of services that verify access tokens."""

    jwks_url: ServiceUrl
    """The URL of the auth service's /.well-known/jwks.json"""


class KeysUnavailableError(Exception):
    """The keys cannot be fetched, and none are cached."""


class RemoteKeys:
    """The keys at a URL; fetched again when outdated and, at a limited rate, for an unknown key ID."""

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, key_id: str) -> Ed25519PublicKey | None:
        """The key with this ID, or None; raises KeysUnavailableError if the keys cannot be fetched."""
        if key_id not in self._keys or monotonic() - self._fetched_at > MAX_AGE_SECONDS:
            await self._refresh(key_id)
        return self._keys.get(key_id)

    async def check(self) -> None:
        """Raise unless keys are cached or can be fetched."""
        if not self._keys:
            await self._refresh("")

    async def _refresh(self, key_id: str) -> None:
        requested_at = monotonic()
        async with self._lock:
            is_fresh = self._fetched_at >= requested_at
            is_too_soon = bool(self._keys) and monotonic() - self._tried_at < MIN_RETRY_SECONDS
            if is_fresh or is_too_soon:
                return
            self._tried_at = monotonic()
            try:
                self._keys = await self._fetch()
            except (PyreqwestError, ValueError, jwt.PyJWTError) as error:
                # Signing keys rarely change, so outdated keys are better than none.
                if key_id not in self._keys:
                    raise KeysUnavailableError(f"{self._url}: {error}") from error
                return
            self._fetched_at = monotonic()

    async def _fetch(self) -> dict[str, Ed25519PublicKey]:
        _, body = await get_bytes(self._client, self._url, TIMEOUT)
        document: dict[str, Any] = json.loads(body)
        found = [(str(jwk.get("kid")), jwt.PyJWK(jwk).key) for jwk in document["keys"]]
        return {key_id: key for key_id, key in found if isinstance(key, Ed25519PublicKey)}
