"""Rate limits of credentials by account, whatever address a request comes from; the gateway limits them by address."""

from typing import Annotated

from fastapi import Depends, Request

from auth.refresh_tokens import RefreshToken
from shared.error_responses import RATE_LIMITED_HEADERS, describe
from shared.rate_limits import SharedLimiter

RATE_LIMITED = describe(429, "Too many requests for this account.", headers=RATE_LIMITED_HEADERS)


class AccountLimits:
    """Counts requests before anything slow, such as hashing a password, is done for them."""

    def __init__(self, limiter: SharedLimiter, mail: SharedLimiter) -> None:
        self._limiter = limiter
        self._mail = mail

    async def take(self, name: str, email: str) -> None:
        """Count a request for an account; raises RateLimitedError if there are too many."""
        await self._limiter.require(f"{name}-account", email)

    async def take_mail(self, name: str, email: str) -> None:
        """Count a mail to an address, which may belong to somebody else; raises RateLimitedError.

        Each kind of mail is counted for itself, so that registrations cannot keep a user from a new password.
        """
        await self._mail.require(f"{name}-mail", email)

    async def take_refresh(self, text: str) -> None:
        """Count a refresh of a session; a token that cannot be one of a session is rejected without a lookup."""
        if token := RefreshToken.parse(text):
            await self._limiter.require("refresh-account", str(token.session_id))


def get_limits(request: Request) -> AccountLimits:
    """Dependency: the limits of accounts."""
    limits: AccountLimits = request.app.state.limits
    return limits


Limits = Annotated[AccountLimits, Depends(get_limits)]
