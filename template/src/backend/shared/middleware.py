"""ASGI middleware of every service: request ID, access log, metrics, and a response to unhandled exceptions."""

import asyncio
import logging
import re
from time import perf_counter
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import request_id, tracing
from shared.error_responses import Headers, send_error
from shared.metrics import Metrics, method_name
from shared.request_body import BodyError, RequestBody, has_body

CLIENT_DISCONNECTED = 499
MAX_LOGGED_PATH = 200
QUIET_ROUTES = frozenset({"/health", "/health/detailed", "/metrics"})
UNMATCHED = "unmatched"
INVALID_HOST = "The request must have one Host header, with a valid host"
RETRY = ((b"retry-after", b"1"),)
STRICT_TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000")

# RFC 9110 §7.2: a name, an IPv4 address or an IPv6 address in brackets, and optionally a port.
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")

log = structlog.get_logger()


class ResponseSender:
    """Sends a response with the request ID and default headers, and tracks its status and whether it is complete."""

    __slots__ = ("_defaults", "_id", "_scope", "_send", "complete", "status")

    def __init__(self, scope: Scope, send: Send, request_id: str, defaults: Headers) -> None:
        self._scope = scope
        self._send = send
        self._id = request_id.encode("ascii")
        self._defaults = defaults
        self.status = 0
        self.complete = False

    async def send(self, message: Message) -> None:
        """Send a message of the response."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), (request_id.HEADER, self._id)]
            if self._defaults:
                present = dict(headers)
                headers += [pair for pair in self._defaults if pair[0] not in present]
                if self._scope["scheme"] == "https":
                    headers.append(STRICT_TRANSPORT_SECURITY)
            message["headers"] = headers
        elif not message.get("more_body", False):
            self.complete = True
        await self._send(message)


class RequestMiddleware:
    """Wraps an ASGI application that stores the matching route in `scope["route"]`, as Starlette does.

    Each response gets the `response_headers` that it does not have; if there are any, one to a client that uses https
    also gets `Strict-Transport-Security`. Services use the client's address that the gateway reports.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, response_headers: Headers = (), *, is_gateway: bool = False
    ) -> None:
        self.app = app
        self._metrics = metrics
        self._response_headers = response_headers
        self._is_gateway = is_gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = first_values(scope)
        current_id = request_id.set_request_id(headers.get(request_id.HEADER))
        request_id.set_client(scope, None if self._is_gateway else headers.get(b"x-forwarded-for"))
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        span = None
        if tracing.is_on() and scope["path"] not in QUIET_ROUTES:
            context = received_trace(scope) if tracing.HEADER in headers else None
            span = tracing.begin("request", "SERVER", context, is_trusted=not self._is_gateway)
        response = ResponseSender(scope, send, current_id, self._response_headers)
        body = RequestBody(receive) if has_body(headers) else None
        await self._respond(scope, body.receive if body else receive, response)
        if span is not None:
            end_span(span, scope, response, current_id)
        if body and response.complete:
            await body.drain()

    async def _respond(self, scope: Scope, receive: Receive, response: ResponseSender) -> None:
        started = perf_counter()
        self._metrics.requests.in_flight += 1
        try:
            if is_host_valid(scope):
                await self.app(scope, receive, response.send)
            else:
                await send_error(response.send, 400, INVALID_HOST)
        except BodyError as error:
            if not response.status:
                await send_error(response.send, error.status_code, error.detail)
        except asyncio.CancelledError:
            # The server cancels the requests that run longer than the shutdown timeout.
            if not response.status:
                await send_error(response.send, 503, "The service is restarting; try again", RETRY)
        except Exception:
            log.exception("request failed", method=scope["method"], path=scope["path"][:MAX_LOGGED_PATH])
            if not response.status:
                await send_error(response.send, 500, "Internal server error")
        finally:
            self._metrics.requests.in_flight -= 1
            self._record(scope, response, perf_counter() - started)

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
                path=scope["path"][:MAX_LOGGED_PATH],
                route=route,
                status=status,
                complete=response.complete,
                duration_ms=round(seconds * 1000, 2),
            )


def received_trace(scope: Scope) -> bytes | None:
    """The `traceparent` of the request; None if there are several."""
    found = [value for name, value in scope["headers"] if name == tracing.HEADER]
    return found[0] if len(found) == 1 else None


def end_span(span: Any, scope: Scope, response: ResponseSender, current_id: str) -> None:
    """End the span of a request, which has the route template in its name, and no path and no query."""
    route = route_name(scope)
    status = response.status or CLIENT_DISCONNECTED
    method = method_name(scope["method"])
    span.update_name(f"{method} {route}")
    attributes: tracing.Attributes = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        "request.id": current_id,
    }
    tracing.finish(span, attributes, str(status) if status >= 500 else None)


def level_of(route: str, status: int) -> int:
    """The log level of a request; health checks and scrapes are logged at DEBUG unless they fail."""
    if route in QUIET_ROUTES:
        return logging.WARNING if status >= 500 else logging.DEBUG
    return logging.ERROR if status >= 500 else logging.INFO


def first_values(scope: Scope) -> dict[bytes, bytes]:
    """The first value of each header, by its name in lower case."""
    return dict(reversed(scope["headers"]))


def is_host_valid(scope: Scope) -> bool:
    """Whether the request has one Host header with a valid value, as RFC 9112 §3.2 requires; HTTP/1.0 has none."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) == 1 and _HOST.fullmatch(hosts[0]):
        return True
    # Granian adds an empty Host header to a request without one.
    return hosts == [b""] and scope["http_version"] == "1"


def route_name(scope: Scope) -> str:
    """The template of the matching route, such as `/api/projects/{project_id}`."""
    route: Any = scope.get("route")
    name: str = getattr(route, "path", UNMATCHED)
    return name
