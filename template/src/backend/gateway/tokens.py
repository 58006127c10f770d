"""Refuses access tokens at the edge whose signature or time is wrong; whether the session lives, the services ask."""

from collections.abc import Iterable
from time import time

from shared.security.tokens import InvalidTokenError, Keys, verify

REMEMBERED = 10_000
SCHEME = b"bearer "


class TokenGate:
    """Remembers the tokens it has verified: checking a signature takes longer than forwarding the request."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._expiry: dict[bytes, int] = {}

    async def admits(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether the request has no bearer token or a good one; KeysUnavailableError when that cannot be told."""
        for name, value in headers:
            if name == b"authorization" and value[: len(SCHEME)].lower() == SCHEME:
                return await self._is_good(value[len(SCHEME) :].strip())
        return True

    async def _is_good(self, token: bytes) -> bool:
        expiry = self._expiry.get(token)
        if expiry is not None:
            return time() < expiry
        try:
            claims = await verify(token.decode("latin-1"), self._keys)
        except InvalidTokenError:
            return False
        if len(self._expiry) >= REMEMBERED:
            self._expiry.clear()
        self._expiry[token] = claims.expires
        return True
