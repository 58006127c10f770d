"""What FastAPI leaves out of HTTP's methods: HEAD wherever there is GET, and all that a path allows."""

from collections.abc import Callable, Sequence
from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send


async def answer_head(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as to GET, without the body."""
    scope["method"] = "GET"
    try:
        await app(scope, receive, partial(_send_head, send))
    finally:
        scope["method"] = "HEAD"


async def _send_head(send: Send, message: Message) -> None:
    await send({**message, "body": b""} if message["type"] == "http.response.body" else message)


def not_allowed(routers: Sequence[APIRouter]) -> Callable[[Request, Exception], Response]:
    """The answer to a method that no route of these takes: each knows only its own, and Allow is to name all."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]

    def answer(request: Request, _error: Exception) -> Response:
        found = [route.methods or () for route in routes if route.matches(request.scope)[0] is not Match.NONE]
        methods = {"OPTIONS"}.union(*found)
        headers = {"Allow": ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
        return JSONResponse({"detail": "Method Not Allowed"}, 405, headers)

    return answer
