"""Verification of access tokens at the gateway; the services check whether the session is still active."""

from time import time

from shared.security.tokens import CLOCK_SKEW, KeySource, verify

CACHE_SIZE = 10_000
# Afterwards a token is verified again, so that one is not accepted much longer than the key that signed it.
CACHE_SECONDS = 60
SCHEME = b"bearer "


class TokenVerifier:
    """Verifies signature and expiry, and caches valid tokens: verifying takes longer than forwarding the request."""

    def __init__(self, keys: KeySource) -> None:
        self._keys = keys
        self._valid: dict[bytes, tuple[float, str]] = {}

    async def user_of(self, authorization: bytes) -> str | None:
        """The ID of the user of the token in an `Authorization` header; None if it has no bearer token.

        Raises InvalidTokenError if the token is not valid, and KeysUnavailableError without keys.
        """
        if authorization[: len(SCHEME)].lower() != SCHEME:
            return None
        return await self._verify(authorization[len(SCHEME) :].strip())

    async def _verify(self, token: bytes) -> str:
        now = time()
        if (cached := self._valid.get(token)) and now < cached[0]:
            return cached[1]
        claims = await verify(token.decode("latin-1"), self._keys)
        if len(self._valid) >= CACHE_SIZE:
            self._valid.clear()
        user = str(claims.user_id)
        self._valid[token] = (min(claims.expires + CLOCK_SKEW.total_seconds(), now + CACHE_SECONDS), user)
        return user
