"""Rate limits of credentials by account, whatever address a request comes from; the gateway limits them by address."""

import hashlib
from typing import Annotated

from fastapi import Depends, Request

from auth.refresh_tokens import RefreshToken
from shared.error_responses import RATE_LIMITED_HEADERS, describe
from shared.rate_limits import RateLimitedError, SharedLimiter

RATE_LIMITED = describe(429, "Too many requests for this account.", headers=RATE_LIMITED_HEADERS)


class AccountLimits:
    """Counts requests before anything slow, such as hashing a password, is done for them."""

    def __init__(self, limiter: SharedLimiter, mail: SharedLimiter) -> None:
        self._limiter = limiter
        self._mail = mail

    async def take(self, name: str, email: str) -> None:
        """Count a request for an account; raises RateLimitedError if there are too many."""
        # Redis does not need to have the address, and the key has a limited length.
        await self._take(name, hashlib.sha256(email.encode()).hexdigest())

    async def take_mail(self, name: str, email: str) -> None:
        """Count a mail to an address, which may belong to somebody else; raises RateLimitedError.

        Each kind of mail is counted for itself, so that registrations cannot keep a user from a new password.
        """
        usage = await self._mail.take(f"{name}-mail", hashlib.sha256(email.encode()).hexdigest())
        if not usage.accepted:
            raise RateLimitedError(usage)

    async def take_refresh(self, text: str) -> None:
        """Count a refresh of a session; a token that cannot be one of a session is rejected without a lookup."""
        if token := RefreshToken.parse(text):
            await self._take("refresh", str(token.session_id))

    async def _take(self, name: str, key: str) -> None:
        usage = await self._limiter.take(f"{name}-account", key)
        if not usage.accepted:
            raise RateLimitedError(usage)


def get_limits(request: Request) -> AccountLimits:
    """Dependency: the limits of accounts."""
    limits: AccountLimits = request.app.state.limits
    return limits


Limits = Annotated[AccountLimits, Depends(get_limits)]
