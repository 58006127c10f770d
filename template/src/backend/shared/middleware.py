"""ASGI middleware of every service: request ID, access log, metrics, and a response to unhandled exceptions."""

import logging
from time import perf_counter
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import request_id
from shared.error_responses import send_error
from shared.metrics import Metrics
from shared.request_body import RequestBody, has_body

CLIENT_DISCONNECTED = 499
QUIET_ROUTES = frozenset({"/health", "/health/detailed", "/metrics"})
UNMATCHED = "unmatched"

log = structlog.get_logger()


class ResponseSender:
    """Sends a response with the request ID, and tracks its status and whether it is complete."""

    __slots__ = ("_id", "_send", "complete", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._id = request_id.encode("ascii")
        self.status = 0
        self.complete = False

    async def send(self, message: Message) -> None:
        """Send a message of the response."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (request_id.HEADER, self._id)]
        elif not message.get("more_body", False):
            self.complete = True
        await self._send(message)


class RequestMiddleware:
    """Wraps an ASGI application that stores the matching route in `scope["route"]`, as Starlette does."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        response = ResponseSender(send, request_id.set_request_id(find_header(scope, request_id.HEADER)))
        body = RequestBody(receive) if has_body(scope) else None
        try:
            await self._app(scope, body.receive if body else receive, response.send)
        except Exception:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            if not response.status:
                await send_error(response.send, 500, "Internal server error")
        finally:
            self._record(scope, response, perf_counter() - started)
        if body and response.complete:
            await body.drain()

    def _record(self, scope: Scope, response: ResponseSender, seconds: float) -> None:
        route = route_name(scope)
        status = response.status or CLIENT_DISCONNECTED
        self._metrics.observe(scope["method"], route, status, seconds)
        level = level_of(route, status)
        if log.is_enabled_for(level):
            log.log(
                level,
                "request",
                method=scope["method"],
                # Without the query, which may contain secrets.
                path=scope["path"],
                route=route,
                status=status,
                complete=response.complete,
                duration_ms=round(seconds * 1000, 2),
            )


def level_of(route: str, status: int) -> int:
    """The log level of a request; health checks and scrapes are logged at DEBUG unless they fail."""
    if route in QUIET_ROUTES:
        return logging.WARNING if status >= 500 else logging.DEBUG
    return logging.ERROR if status >= 500 else logging.INFO


def find_header(scope: Scope, wanted: bytes) -> bytes | None:
    """The first value of a header; `wanted` is in lower case, as in ASGI."""
    for name, value in scope["headers"]:
        if name == wanted:
            first: bytes = value
            return first
    return None


def route_name(scope: Scope) -> str:
    """The template of the matching route, such as `/api/projects/{project_id}`."""
    route: Any = scope.get("route")
    name: str = getattr(route, "path", UNMATCHED)
    return name
