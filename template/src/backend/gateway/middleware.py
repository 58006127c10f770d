"""ASGI middleware that forwards requests to the services and passes all others to the gateway's own application."""

from functools import partial

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from gateway.limits import RequestLimits
from gateway.proxy import ForwardedRequest
from gateway.routes import RouteTable, is_ambiguous
from gateway.settings import GatewaySettings
from gateway.tokens import TokenVerifier
from gateway.upstreams import Upstream
from gateway.websockets import WebSocketForwarder, send_denial
from shared.error_responses import Headers, send_error
from shared.middleware import INVALID_HOST, is_host_valid
from shared.security.jwks import KeysUnavailableError
from shared.security.tokens import InvalidTokenError

INVALID_TOKEN = ((b"www-authenticate", b'Bearer error="invalid_token"'),)


class ProxyMiddleware:
    """Forwards requests before FastAPI sees them, as FastAPI's routing takes longer than forwarding.

    The clients and the token verifier are in the state of the gateway's own application, whose lifespan creates them.
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
        limits: RequestLimits = self._app.state.limits
        headers = await limits.admit(scope, send)
        if headers is None:
            return
        route = self._table.find(scope["raw_path"])
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        if is_ambiguous(scope["raw_path"]):
            await send_error(send, 400, "The path has dot segments, backslashes or unencoded characters")
            return
        if route.verify_tokens:
            headers = await self._admit_user(scope, send, headers)
        if headers is not None:
            upstream: Upstream = self._app.state.upstreams[route.service]
            request = ForwardedRequest(upstream, scope, receive, send, timeout=self._timeout)
            await request.run(self._app.state.clients, headers)

    async def _forward_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a WebSocket connection, after the checks of other requests."""
        deny = partial(send_denial, send)
        scope["method"] = "GET"
        limits: RequestLimits = self._app.state.limits
        if await limits.admit(scope, deny) is None:
            return
        route = self._table.find(scope["raw_path"])
        if route is None or not route.websockets:
            await send_error(deny, 404, "WebSocket connections are not accepted at this path")
        elif is_ambiguous(scope["raw_path"]) or not is_host_valid(scope):
            await send_error(deny, 400, f"{INVALID_HOST}, and the path no dot segments")
        elif not route.verify_tokens or await self._admit_user(scope, deny, ()) is not None:
            await self._websockets.forward(route, scope, receive, send)

    async def _admit_user(self, scope: Scope, send: Send, headers: Headers) -> Headers | None:
        """The headers for the response; None if the request was rejected, by its token or the limit of its user."""
        verifier: TokenVerifier = self._app.state.token_verifier
        try:
            user = await verifier.user_of(scope["headers"])
        except KeysUnavailableError:
            await send_error(send, 502, "The auth service is unavailable, so tokens cannot be verified")
            return None
        except InvalidTokenError:
            await send_error(send, 401, "The access token is invalid; refresh it or log in again", INVALID_TOKEN)
            return None
        limits: RequestLimits = self._app.state.limits
        return headers if user is None else await limits.admit_user(user, send)
