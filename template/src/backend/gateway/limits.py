"""Rate limits of the gateway: every request by address and user, and requests with credentials in Redis."""

from redis.asyncio import Redis
from starlette.types import Scope

from gateway.client_address import bucket
from gateway.settings import GatewaySettings
from shared.error_responses import Headers
from shared.rate_limits import LimitCollector, LocalLimiter, RateLimitedError, SharedLimiter, Usage

# The limits of routes that take credentials; auth also limits them by account.
CREDENTIALS = {
    "/api/auth/change-email": "password",
    "/api/auth/change-password": "password",
    "/api/auth/confirm-email": "link",
    "/api/auth/delete-account": "password",
    "/api/auth/forgot-password": "mail",
    "/api/auth/login": "login",
    "/api/auth/refresh": "refresh",
    "/api/auth/register": "register",
    "/api/auth/resend-verification": "mail",
    "/api/auth/reset-password": "link",
    "/api/auth/verify": "link",
    "/api/invitations/open": "link",
}
# Of probes.
UNLIMITED = frozenset({"/health", "/health/detailed"})
RATE_LIMIT = b"ratelimit"


class RequestLimits:
    """The limits of a process; those of credentials are shared by all processes."""

    def __init__(self, settings: GatewaySettings, redis: Redis) -> None:
        self.address = LocalLimiter("address", settings.rate_limit_address)
        self.user = LocalLimiter("user", settings.rate_limit_user)
        self.credentials = SharedLimiter(redis, settings, settings.rate_limit_credentials)
        self._policy = (b"ratelimit-policy", self.address.policy + b", " + self.user.policy)

    def collector(self) -> LimitCollector:
        """The metrics of all limits."""
        return LimitCollector([self.credentials], {"address": self.address, "user": self.user})

    def take(self, scope: Scope) -> Headers:
        """Count a request to the limit of its client address; raises RateLimitedError, else returns headers."""
        left = self.address.take(bucket(scope["client"][0]))
        if left < 0:
            raise RateLimitedError(self.address.usage(left))
        return ((RATE_LIMIT, self.address.state(left)), self._policy)

    def take_user(self, user: str) -> Headers:
        """The same for the limit of a user."""
        left = self.user.take(user)
        if left < 0:
            raise RateLimitedError(self.user.usage(left))
        return ((RATE_LIMIT, self.user.state(left)), self._policy)

    async def take_credentials(self, scope: Scope) -> Headers:
        """The same for the limit of a route that takes credentials."""
        usage = await self.credentials.take(CREDENTIALS[scope["path"]], bucket(scope["client"][0]))
        if not usage.accepted:
            raise RateLimitedError(usage)
        return as_pairs(usage)


def as_pairs(usage: Usage) -> Headers:
    """The headers of a usage, as in ASGI."""
    return [(name.lower().encode(), value.encode()) for name, value in usage.headers().items()]
