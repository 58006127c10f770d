"""ASGI middleware that forwards requests to the services and passes all others to the gateway's own application."""

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from gateway.clients import Clients
from gateway.proxy import ForwardedRequest
from gateway.routes import RouteTable, is_ambiguous
from gateway.tokens import TokenVerifier
from gateway.upstreams import Upstream
from shared.error_responses import send_error
from shared.security.jwks import KeysUnavailableError

INVALID_TOKEN = ((b"www-authenticate", b'Bearer error="invalid_token"'),)


class ProxyMiddleware:
    """Forwards requests before FastAPI sees them, as FastAPI's routing takes longer than forwarding.

    The clients and the token verifier are in the state of the gateway's own application, whose lifespan creates them.
    """

    def __init__(self, app: FastAPI, table: RouteTable, timeout: float) -> None:
        self._app = app
        self._table = table
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        route = self._table.find(scope["raw_path"]) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        if is_ambiguous(scope["raw_path"]):
            await send_error(send, 400, "The path has dot segments, backslashes or unencoded characters")
            return
        verifier: TokenVerifier = self._app.state.token_verifier
        clients: Clients = self._app.state.clients
        upstream: Upstream = self._app.state.upstreams[route.service]
        try:
            accepted = not route.verify_tokens or await verifier.accepts(scope["headers"])
        except KeysUnavailableError:
            await send_error(send, 502, "The auth service is unavailable, so tokens cannot be verified")
            return
        if accepted:
            await ForwardedRequest(upstream, scope, receive, send, timeout=self._timeout).run(clients)
        else:
            await send_error(send, 401, "The access token is invalid; refresh it or log in again", INVALID_TOKEN)
