"""Verification of access tokens at the gateway; the services check whether the session is still active."""

from collections.abc import Iterable
from time import time

from shared.security.tokens import CLOCK_SKEW, InvalidTokenError, KeySource, verify

CACHE_SIZE = 10_000
# Afterwards a token is verified again, so that one is not accepted much longer than the key that signed it.
CACHE_SECONDS = 60
SCHEME = b"bearer "


class TokenVerifier:
    """Verifies signature and expiry, and caches valid tokens: verifying takes longer than forwarding the request."""

    def __init__(self, keys: KeySource) -> None:
        self._keys = keys
        self._valid_until: dict[bytes, float] = {}

    async def accepts(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether the request has no bearer token or a valid one; raises KeysUnavailableError without keys."""
        for name, value in headers:
            if name == b"authorization" and value[: len(SCHEME)].lower() == SCHEME:
                return await self._is_valid(value[len(SCHEME) :].strip())
        return True

    async def _is_valid(self, token: bytes) -> bool:
        now = time()
        if now < self._valid_until.get(token, 0):
            return True
        try:
            claims = await verify(token.decode("latin-1"), self._keys)
        except InvalidTokenError:
            return False
        if len(self._valid_until) >= CACHE_SIZE:
            self._valid_until.clear()
        self._valid_until[token] = min(claims.expires + CLOCK_SKEW.total_seconds(), now + CACHE_SECONDS)
        return True
