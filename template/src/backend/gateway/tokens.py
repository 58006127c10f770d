"""Verification of access tokens at the gateway; the services check whether the session is still active."""

from collections.abc import Iterable
from time import time

from shared.security.tokens import InvalidTokenError, KeySource, verify

CACHE_SIZE = 10_000
SCHEME = b"bearer "


class TokenVerifier:
    """Verifies signature and expiry, and caches valid tokens: verifying takes longer than forwarding the request."""

    def __init__(self, keys: KeySource) -> None:
        self._keys = keys
        self._expiry: dict[bytes, int] = {}

    async def accepts(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether the request has no bearer token or a valid one; raises KeysUnavailableError without keys."""
        for name, value in headers:
            if name == b"authorization" and value[: len(SCHEME)].lower() == SCHEME:
                return await self._is_valid(value[len(SCHEME) :].strip())
        return True

    async def _is_valid(self, token: bytes) -> bool:
        expiry = self._expiry.get(token)
        if expiry is not None:
            return time() < expiry
        try:
            claims = await verify(token.decode("latin-1"), self._keys)
        except InvalidTokenError:
            return False
        if len(self._expiry) >= CACHE_SIZE:
            self._expiry.clear()
        self._expiry[token] = claims.expires
        return True
