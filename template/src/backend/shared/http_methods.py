"""HTTP methods that FastAPI does not handle: HEAD, OPTIONS, and a complete Allow header."""

from collections.abc import Callable, Sequence
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.error_responses import ProblemResponse


async def handle_head(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Handle HEAD as GET, without the response body."""
    scope["method"] = "GET"
    try:
        await app(scope, receive, partial(_send_without_body, send))
    finally:
        scope["method"] = "HEAD"


async def _send_without_body(send: Send, message: Message) -> None:
    await send({**message, "body": b""} if message["type"] == "http.response.body" else message)


def method_not_allowed(routers: Sequence[APIRouter]) -> Callable[[Request, Exception], Response]:
    """Exception handler of 405: FastAPI puts only one route into Allow, this one all routes of the path."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]

    def handle(request: Request, _error: Exception) -> Response:
        methods_found = [route.methods or () for route in routes if route.matches(request.scope)[0] is not Match.NONE]
        methods = {"OPTIONS"}.union(*methods_found)
        headers = {"Allow": ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
        return ProblemResponse(405, f"This path does not support {request.method}", headers)

    return handle
