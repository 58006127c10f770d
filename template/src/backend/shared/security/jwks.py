"""Fetches the public keys that access tokens are verified with, and keeps them."""

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
FRESH_SECONDS = 300.0
RETRY_SECONDS = 5.0


class JwksSettings(Settings):
    """Where the keys are."""

    jwks_url: ServiceUrl
    """The auth service's /.well-known/jwks.json"""


class KeysUnavailableError(Exception):
    """The keys could not be fetched, and there are none from before."""


class RemoteKeys:
    """The keys at a URL; fetched again when they are old, and for an unknown ID, though not for each made-up one."""

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._fetched = self._tried = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, key_id: str) -> Ed25519PublicKey | None:
        """The key with this ID; KeysUnavailableError when no key at all could be had."""
        if key_id not in self._keys or monotonic() - self._fetched > FRESH_SECONDS:
            await self._refresh(key_id)
        return self._keys.get(key_id)

    async def check(self) -> None:
        """Raise unless there are keys, fetching them if there were none."""
        if not self._keys:
            await self._refresh("")

    async def _refresh(self, key_id: str) -> None:
        asked = monotonic()
        async with self._lock:
            done_meanwhile = self._fetched >= asked
            tried_just_now = bool(self._keys) and monotonic() - self._tried < RETRY_SECONDS
            if done_meanwhile or tried_just_now:
                return
            self._tried = monotonic()
            try:
                self._keys = await self._fetch()
            except (PyreqwestError, ValueError, jwt.PyJWTError) as error:
                # Old keys are better than none: those that sign rarely change.
                if key_id not in self._keys:
                    raise KeysUnavailableError(f"{self._url}: {error}") from error
                return
            self._fetched = monotonic()

    async def _fetch(self) -> dict[str, Ed25519PublicKey]:
        _, body = await get_bytes(self._client, self._url, TIMEOUT)
        document: dict[str, Any] = json.loads(body)
        found = [(str(jwk.get("kid")), jwt.PyJWK(jwk).key) for jwk in document["keys"]]
        return {key_id: key for key_id, key in found if isinstance(key, Ed25519PublicKey)}
