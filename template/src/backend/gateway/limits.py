"""Rate limits of the gateway: every request by address and user, and requests with credentials in Redis."""

from redis.asyncio import Redis
from starlette.types import Scope, Send

from gateway.client_address import bucket
from gateway.settings import GatewaySettings
from shared.error_responses import Headers, send_error
from shared.rate_limits import DETAIL, LocalLimiter, SharedLimiter, Usage

# The limits of routes that take credentials; auth also limits them by account.
CREDENTIALS = {
    "/api/auth/login": "login",
    "/api/auth/refresh": "refresh",
    "/api/auth/register": "register",
}
# Of probes and scrapes.
UNLIMITED = frozenset({"/health", "/health/detailed", "/metrics"})
RATE_LIMIT = b"ratelimit"


class RequestLimits:
    """The limits of a process; those of credentials are shared by all processes."""

    def __init__(self, settings: GatewaySettings, redis: Redis) -> None:
        self.address = LocalLimiter("address", settings.rate_limit_address)
        self.user = LocalLimiter("user", settings.rate_limit_user)
        self.credentials = SharedLimiter(redis, settings.redis_prefix, settings.rate_limit_credentials)
        self._policy = (b"ratelimit-policy", self.address.policy + b", " + self.user.policy)

    async def admit(self, scope: Scope, send: Send) -> Headers | None:
        """The headers for the response to a request; None if it was rejected, by the limits of its client address."""
        path = scope["path"]
        if path in UNLIMITED:
            return ()
        key = bucket(scope["client"][0])
        left = self.address.take(key)
        if left < 0:
            await _reject(send, self.address.usage(left))
            return None
        if path in CREDENTIALS and scope["method"] == "POST":
            usage = await self.credentials.take(CREDENTIALS[path], key)
            if not usage.accepted:
                await _reject(send, usage)
                return None
            return _headers(usage)
        return ((RATE_LIMIT, self.address.state(left)), self._policy)

    async def admit_user(self, user: str, send: Send) -> Headers | None:
        """The same for the limit of a user."""
        left = self.user.take(user)
        if left < 0:
            await _reject(send, self.user.usage(left))
            return None
        return ((RATE_LIMIT, self.user.state(left)), self._policy)


async def _reject(send: Send, usage: Usage) -> None:
    await send_error(send, 429, DETAIL, _headers(usage))


def _headers(usage: Usage) -> Headers:
    return [(name.lower().encode(), value.encode()) for name, value in usage.headers().items()]
