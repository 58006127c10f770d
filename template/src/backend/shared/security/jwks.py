"""Fetches and caches the public keys that verify access tokens."""

import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import Any

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pyreqwest.client import Client
from pyreqwest.exceptions import PyreqwestError

from shared.http import get_bytes
from shared.settings import ServiceUrl, Settings

TIMEOUT = timedelta(seconds=2)
# An instance of auth may be stopping; the next attempt reaches another.
ATTEMPTS = 3
# Older keys are fetched again in the background. A key that auth no longer publishes is accepted for so long.
REFRESH_SECONDS = 60.0
# Older keys are not used: auth has not responded for so long. Longer than access tokens are valid.
MAX_AGE_SECONDS = 3600.0
MIN_RETRY_SECONDS = 5.0

log = structlog.get_logger()


class JwksSettings(Settings):
    """Settings of services that verify access tokens."""

    jwks_url: ServiceUrl
    """The URL of the auth service's /.well-known/jwks.json"""


class KeysUnavailableError(Exception):
    """The keys cannot be fetched, and none are cached, or the cached ones are too old or lack the wanted one."""


class RemoteKeys:
    """The keys at a URL; fetched in the background when outdated and, at a limited rate, for an unknown key ID.

    A request waits for the keys only if those that are cached cannot verify its token.
    """

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None
        self._error: Exception | None = None

    async def find(self, key_id: str) -> Ed25519PublicKey | None:
        """The key with this ID, or None; raises KeysUnavailableError if the keys cannot be fetched."""
        age = monotonic() - self._fetched_at
        is_usable = key_id in self._keys and age < MAX_AGE_SECONDS
        if not is_usable or age > REFRESH_SECONDS:
            self._start_fetching()
        if not is_usable:
            await self._fetched()
        return self._keys.get(key_id)

    async def check(self) -> None:
        """Raise unless keys that may be used are cached or can be fetched."""
        if not self._keys or monotonic() - self._fetched_at >= MAX_AGE_SECONDS:
            self._start_fetching()
            await self._fetched()

    def _start_fetching(self) -> None:
        is_too_soon = bool(self._keys) and monotonic() - self._tried_at < MIN_RETRY_SECONDS
        if self._fetching is None and not is_too_soon:
            self._tried_at = monotonic()
            self._fetching = asyncio.create_task(self._fetch())

    async def _fetched(self) -> None:
        """Wait for the current fetch, if any; raises the error of the last one."""
        if self._fetching is not None:
            await asyncio.shield(self._fetching)
        if self._error is not None:
            raise KeysUnavailableError(f"{self._url}: {self._error}") from self._error

    async def _fetch(self) -> None:
        """Replace the keys; after an error, the old ones are better than none."""
        try:
            document: dict[str, Any] = json.loads(await self._response())
            found = [(str(jwk.get("kid")), jwt.PyJWK(jwk).key) for jwk in document["keys"]]
        except (PyreqwestError, LookupError, TypeError, ValueError, jwt.PyJWTError) as error:
            self._error = error
            log.warning("keys not fetched", url=self._url, reason=str(error))
        else:
            self._keys = {key_id: key for key_id, key in found if isinstance(key, Ed25519PublicKey)}
            self._fetched_at, self._error = monotonic(), None
        finally:
            self._fetching = None

    async def _response(self) -> bytes:
        for _ in range(ATTEMPTS - 1):
            with suppress(PyreqwestError):
                return (await get_bytes(self._client, self._url, TIMEOUT))[1]
        return (await get_bytes(self._client, self._url, TIMEOUT))[1]
