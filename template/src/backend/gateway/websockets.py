"""WebSocket connections that are forwarded to services."""

import asyncio
import logging
from collections.abc import Container
from contextlib import suppress
from functools import partial

import structlog
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from gateway.headers import NOT_RETURNED, to_service
from gateway.routes import Route
from shared import request_id
from shared.error_responses import send_error
from shared.middleware import first_values

MAX_CONNECTIONS = 256
MAX_MESSAGE_BYTES = 1024 * 1024
# Messages of a service that wait for a slow client.
MAX_QUEUE = 4
# A service that is sending does not read the end of the connection.
CLOSE_SECONDS = 1

# Close codes of RFC 6455 §7.4.1.
NORMAL, GOING_AWAY, NO_STATUS, ABNORMAL, TOO_BIG, INTERNAL_ERROR, RESTART = 1000, 1001, 1005, 1006, 1009, 1011, 1012

log = structlog.get_logger()


async def send_denial(send: Send, message: Message) -> None:
    """Send a message of an HTTP response that rejects the handshake, with the request ID."""
    if message["type"] == "http.response.start":
        own = (request_id.HEADER, (request_id.current_request_id() or "").encode("ascii"))
        message["headers"] = [*message["headers"], own]
    await send({**message, "type": f"websocket.{message['type']}"})


def is_origin_allowed(scope: Scope, allowed: Container[str]) -> bool:
    """Whether the handshake is from the host itself, an allowed origin, or not from a browser: CORS does not apply."""
    received = first_values(scope)
    origin, host = (received.get(name, b"").decode("latin-1") for name in (b"origin", b"host"))
    return not origin or origin in allowed or origin.partition("://")[2] == host


class WebSocketForwarder:
    """Forwards WebSocket connections, up to a limit; `timeout` is that of the handshake, in seconds."""

    def __init__(self, origins: Container[str], timeout: float) -> None:
        self._origins = origins
        self._timeout = timeout
        self._open = 0

    async def forward(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one connection until the client or the service closes it."""
        if not is_origin_allowed(scope, self._origins):
            await send_error(partial(send_denial, send), 403, "The origin may not open WebSocket connections")
        elif self._open >= MAX_CONNECTIONS:
            await send_error(partial(send_denial, send), 503, "Too many WebSocket connections are open; try again")
        else:
            self._open += 1
            try:
                await self._connect(route, scope, receive, send)
            finally:
                self._open -= 1

    async def _connect(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            service = await self._open_connection(route, scope)
        except InvalidStatus as error:
            await _return_denial(send, error)
        except UnicodeDecodeError:
            await send_error(partial(send_denial, send), 400, "A header or the query has bytes that are not UTF-8")
        except (OSError, InvalidHandshake) as error:
            await _deny_failure(send, route, error)
        else:
            await _forward(route, service, receive, send)

    async def _open_connection(self, route: Route, scope: Scope) -> ClientConnection:
        url = "ws" + route.url.removeprefix("http") + scope["raw_path"].decode("ascii")
        if scope["query_string"]:
            url += "?" + scope["query_string"].decode()
        headers = [pair for pair in to_service(scope) if not pair[0].startswith("sec-websocket-")]
        return await connect(
            url,
            additional_headers=headers,
            subprotocols=[Subprotocol(each) for each in scope["subprotocols"]] or None,
            compression=None,
            user_agent_header=None,
            proxy=None,
            open_timeout=self._timeout,
            close_timeout=CLOSE_SECONDS,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=MAX_QUEUE,
            logger=logging.getLogger("gateway.websockets"),
        )


async def _deny_failure(send: Send, route: Route, error: Exception) -> None:
    log.error("websocket failed", upstream=route.service, reason=type(error).__name__)
    timed_out = isinstance(error, TimeoutError)
    problem = "did not respond in time" if timed_out else "is unavailable or failed"
    await send_error(partial(send_denial, send), 504 if timed_out else 502, f"The {route.service} service {problem}")


async def _return_denial(send: Send, error: InvalidStatus) -> None:
    response = error.response
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in response.headers.raw_items()
        if name.lower() not in NOT_RETURNED
    ]
    await send_denial(send, {"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send_denial(send, {"type": "http.response.body", "body": bytes(response.body)})


async def _forward(route: Route, service: ClientConnection, receive: Receive, send: Send) -> None:
    """Forward messages one by one in each direction, so that a slow reader slows down the sender."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": service.subprotocol})
    directions = [asyncio.create_task(_to_service(service, receive)), asyncio.create_task(_to_client(service, send))]
    code, reason = RESTART, ""
    try:
        done, _ = await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        code, reason = done.pop().result()
    except asyncio.CancelledError:
        # The server cancels what is running after the shutdown timeout.
        pass
    finally:
        for each in directions:
            each.cancel()
        await send({"type": "websocket.close", "code": code, "reason": reason})
        await service.close(code, reason)
        log.info("websocket closed", route=route.path, code=code)


async def _to_service(service: ClientConnection, receive: Receive) -> tuple[int, str]:
    """Forward messages of the client until it closes the connection; returns the code and the reason."""
    with suppress(ConnectionClosed):
        while (message := await receive())["type"] == "websocket.receive":
            data: str | bytes = message.get("text") or message.get("bytes") or ""
            if len(data.encode() if isinstance(data, str) else data) > MAX_MESSAGE_BYTES:
                return TOO_BIG, "message too big"
            await service.send(data)
        code = message.get("code", NO_STATUS)
        return GOING_AWAY if code in {NO_STATUS, ABNORMAL} else code, message.get("reason") or ""
    return await _closed(service)


async def _to_client(service: ClientConnection, send: Send) -> tuple[int, str]:
    """Forward messages of the service until it closes the connection; returns the code and the reason."""
    with suppress(ConnectionClosed):
        while True:
            data = await service.recv()
            await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})
    return await _closed(service)


async def _closed(service: ClientConnection) -> tuple[int, str]:
    await service.wait_closed()
    code = service.close_code or ABNORMAL
    return {NO_STATUS: NORMAL, ABNORMAL: INTERNAL_ERROR}.get(code, code), service.close_reason or ""
