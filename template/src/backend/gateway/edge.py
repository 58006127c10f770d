"""Forwards what belongs to a service and lets the gateway's own application have the rest."""

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from gateway.clients import Clients
from gateway.proxy import Exchange
from gateway.routes import Table, is_ambiguous
from gateway.tokens import TokenGate
from shared.responses import send_error
from shared.security.jwks import KeysUnavailableError

REFUSED_TOKEN = ((b"www-authenticate", b'Bearer error="invalid_token"'),)


class Edge:
    """Looks at the path first, as FastAPI would take longer than forwarding does.

    What it forwards with is in the state of the gateway's own application, whose lifespan makes it.
    """

    def __init__(self, app: FastAPI, table: Table, timeout: float) -> None:
        self._app = app
        self._table = table
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        route = self._table.find(scope["raw_path"]) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        if is_ambiguous(scope["raw_path"]):
            await send_error(send, 400, "The path has dot segments, backslashes or unencoded characters")
            return
        state = self._app.state
        gate: TokenGate = state.gate
        clients: Clients = state.clients
        try:
            admitted = not route.checks_tokens or await gate.admits(scope["headers"])
        except KeysUnavailableError:
            await send_error(send, 502, "The auth service cannot be reached, so tokens cannot be checked")
            return
        if admitted:
            await Exchange(route, scope, receive, send, timeout=self._timeout).run(clients)
        else:
            await send_error(send, 401, "The access token is not valid; refresh it or log in again", REFUSED_TOKEN)
