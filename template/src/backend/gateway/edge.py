"""The layer that forwards what belongs to a service and lets the gateway's own routes have the rest."""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.proxy import Proxy
from gateway.routes import Table, is_ambiguous
from gateway.tokens import TokenGate
from shared.responses import send_error
from shared.security.jwks import KeysUnavailableError

REFUSED_TOKEN = ((b"www-authenticate", b'Bearer error="invalid_token"'),)


class EdgeMiddleware:
    """Looks at the path before anything else does; the rest it needs, the lifespan puts into the application's state."""

    def __init__(self, app: ASGIApp, table: Table) -> None:
        self._app = app
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._table.find(scope["raw_path"]) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        if is_ambiguous(scope["raw_path"]):
            await send_error(send, 400, "The path has dot segments, backslashes or unencoded characters")
            return
        state = scope["app"].state
        gate: TokenGate = state.gate
        proxy: Proxy = state.proxy
        try:
            admitted = not route.checks_tokens or await gate.admits(scope["headers"])
        except KeysUnavailableError:
            await send_error(send, 502, "The auth service cannot be reached, so tokens cannot be checked")
            return
        if admitted:
            await proxy.forward(route, scope, receive, send)
        else:
            await send_error(send, 401, "The access token is not valid; refresh it or log in again", REFUSED_TOKEN)
