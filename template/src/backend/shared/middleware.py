"""The outermost layer of every service: request ID, access log, metrics, and an answer when all else fails."""

import logging
from time import perf_counter
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import request_id
from shared.metrics import Metrics
from shared.request_body import RequestBody, announces_body
from shared.responses import send_error

CLIENT_WENT_AWAY = 499
QUIET_ROUTES = frozenset({"/health", "/health/detailed", "/metrics"})
UNMATCHED = "unmatched"

log = structlog.get_logger()


class Exchange:
    """Watches one response on its way out and puts the request's ID on it."""

    __slots__ = ("_id", "_send", "complete", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._id = request_id.encode("ascii")
        self.status = 0
        self.complete = False

    async def send(self, message: Message) -> None:
        """Pass a part of the response on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (request_id.HEADER, self._id)]
        elif not message.get("more_body", False):
            self.complete = True
        await self._send(message)


class RequestMiddleware:
    """Wraps an ASGI application; what answers leaves itself in `scope["route"]`, as Starlette does, with a `path`."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        exchange = Exchange(send, request_id.enter(find_header(scope, request_id.HEADER)))
        body = RequestBody(receive) if announces_body(scope) else None
        try:
            await self._app(scope, body.receive if body else receive, exchange.send)
        except Exception:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            if not exchange.status:
                await send_error(exchange.send, 500, "Internal server error")
        finally:
            self._record(scope, exchange, perf_counter() - started)
        if body and exchange.complete:
            await body.drain()

    def _record(self, scope: Scope, exchange: Exchange, seconds: float) -> None:
        route = route_name(scope)
        status = exchange.status or CLIENT_WENT_AWAY
        self._metrics.observe(scope["method"], route, status, seconds)
        level = level_of(route, status)
        if log.is_enabled_for(level):
            log.log(
                level,
                "request",
                method=scope["method"],
                path=scope["path"],
                route=route,
                status=status,
                complete=exchange.complete,
                duration_ms=round(seconds * 1000, 2),
            )


def level_of(route: str, status: int) -> int:
    """How much a request matters to who reads the log; the path is logged without its query, which may hold secrets."""
    if route in QUIET_ROUTES:
        return logging.WARNING if status >= 500 else logging.DEBUG
    return logging.ERROR if status >= 500 else logging.INFO


def find_header(scope: Scope, wanted: bytes) -> bytes | None:
    """The first value of a header, whose name is in lower case as ASGI's are."""
    for name, value in scope["headers"]:
        if name == wanted:
            found: bytes = value
            return found
    return None


def route_name(scope: Scope) -> str:
    """The template of the route that answered, such as `/api/projects/{project_id}`."""
    route: Any = scope.get("route")
    name: str = getattr(route, "path", UNMATCHED)
    return name
