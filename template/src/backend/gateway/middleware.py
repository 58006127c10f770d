"""ASGI middleware that forwards requests to the services and passes all others to the gateway's own application."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from gateway.clients import Clients
from gateway.limits import CREDENTIALS, UNLIMITED, RequestLimits, as_pairs
from gateway.proxy import ForwardedRequest
from gateway.routes import Route, RouteTable, is_ambiguous
from gateway.settings import GatewaySettings
from gateway.tokens import TokenVerifier
from gateway.upstreams import Upstream
from gateway.watchdog import Watchdogs
from gateway.websockets import WebSocketForwarder, send_denial
from shared.error_responses import Headers, send_error
from shared.middleware import INVALID_HOST, first_values, is_host_valid
from shared.rate_limits import DETAIL, RateLimitedError
from shared.security.jwks import KeysUnavailableError
from shared.security.tokens import InvalidTokenError

INVALID_TOKEN = ((b"www-authenticate", b'Bearer error="invalid_token"'),)

REJECTIONS = (RateLimitedError, InvalidTokenError, KeysUnavailableError)


@dataclass(frozen=True, slots=True)
class Forwarding:
    """What requests to services need; created by the lifespan of the gateway's own application."""

    limits: RequestLimits
    verifier: TokenVerifier
    clients: Clients
    upstreams: Mapping[str, Upstream]
    watchdogs: Watchdogs


class ProxyMiddleware:
    """Forwards requests before FastAPI sees them, as FastAPI's routing takes longer than forwarding.

    The application has a `Forwarding` in its state.
    """

    def __init__(self, app: FastAPI, table: RouteTable, settings: GatewaySettings) -> None:
        self._app = app
        self._table = table
        self._timeout = settings.upstream_timeout
        self._websockets = WebSocketForwarder(settings.cors_origins, settings.upstream_timeout)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await self._forward_websocket(scope, receive, send)
            else:
                await self._app(scope, receive, send)
            return
        route = self._table.find(scope["raw_path"])
        if route is not None:
            scope["route"] = route
        forwarding: Forwarding = self._app.state.forwarding
        try:
            headers = await _admit(forwarding, scope, route)
        except REJECTIONS as error:
            await _reject(send, error)
            return
        if route is None:
            await self._app(scope, receive, send)
            return
        if is_ambiguous(scope["raw_path"]):
            await send_error(send, 400, "The path has dot segments, backslashes or unencoded characters")
            return
        upstream = forwarding.upstreams[route.service]
        watchdog = forwarding.watchdogs.start(receive, self._timeout)
        request = ForwardedRequest(upstream, watchdog, scope, receive, send)
        await request.run(forwarding.clients, headers)

    async def _forward_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a WebSocket connection, after the checks of other requests."""
        deny = partial(send_denial, send)
        scope["method"] = "GET"
        route = self._table.find(scope["raw_path"])
        try:
            await _admit(self._app.state.forwarding, scope, route)
        except REJECTIONS as error:
            await _reject(deny, error)
            return
        if route is None or not route.websockets:
            await send_error(deny, 404, "WebSocket connections are not accepted at this path")
        elif is_ambiguous(scope["raw_path"]) or not is_host_valid(scope):
            await send_error(deny, 400, f"{INVALID_HOST}, and the path no dot segments")
        else:
            await self._websockets.forward(route, scope, receive, send)


async def _admit(forwarding: Forwarding, scope: Scope, route: Route | None) -> Headers:
    """Count the request to its limits, and verify its token; returns headers for the response."""
    path = scope["path"]
    if path in UNLIMITED:
        return ()
    headers = forwarding.limits.take(scope)
    if path in CREDENTIALS and scope["method"] == "POST":
        return await forwarding.limits.take_credentials(scope)
    if route is not None and route.verify_tokens:
        user = await forwarding.verifier.user_of(first_values(scope).get(b"authorization", b""))
        if user is not None:
            return forwarding.limits.take_user(user)
    return headers


async def _reject(send: Send, error: Exception) -> None:
    match error:
        case RateLimitedError():
            await send_error(send, 429, DETAIL, as_pairs(error.usage))
        case InvalidTokenError():
            await send_error(send, 401, "The access token is invalid; refresh it or log in again", INVALID_TOKEN)
        case _:
            await send_error(send, 502, "The auth service is unavailable, so tokens cannot be verified")
