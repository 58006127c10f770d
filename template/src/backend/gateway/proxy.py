"""Streaming reverse proxy: forwards one request to a service and streams the response back."""

import asyncio
from collections.abc import AsyncIterator

import structlog
from pyreqwest.exceptions import BuilderError, PyreqwestError
from pyreqwest.request import RequestBuilder
from pyreqwest.response import Response
from starlette.types import Receive, Scope, Send

from gateway.clients import Clients
from gateway.headers import to_client, to_service
from gateway.routes import Route
from gateway.watchdog import Watchdog
from shared.error_responses import send_error
from shared.request_body import content_length

# A request body of up to this many bytes is buffered; a larger one is streamed.
BUFFERED_BYTES = 64 * 1024


log = structlog.get_logger()


class ClientDisconnectedError(Exception):
    """The client disconnected before it had sent the complete request."""


class ForwardedRequest:
    """A request that is forwarded to a service; `timeout` is in seconds and applies to each part of it."""

    def __init__(self, route: Route, scope: Scope, receive: Receive, send: Send, *, timeout: float) -> None:
        self._route = route
        self._scope = scope
        self._receive = receive
        self._send = send
        self._watchdog = Watchdog(receive, timeout)
        self._started = False

    async def run(self, clients: Clients) -> None:
        """Send the service's response; 504 if it times out, 502 for any other failure of the service."""
        try:
            async with (await self._build(clients)).build_streamed() as response:
                await self._stream(response)
        except (PyreqwestError, ClientDisconnectedError) as error:
            await self._fail(error)
        except asyncio.CancelledError as error:
            if not self._watchdog.uncancel():
                raise
            await self._fail(error)
        finally:
            self._watchdog.stop()

    async def _build(self, clients: Clients) -> RequestBuilder:
        scope = self._scope
        url = self._route.url + scope["raw_path"].decode("ascii")
        if scope["query_string"]:
            url += "?" + scope["query_string"].decode()
        length = content_length(scope)
        is_upload = length is None or length > BUFFERED_BYTES
        client = clients.uploads if is_upload else clients.default
        request = client.request(scope["method"], url).headers(to_service(scope))
        # Without this, pyreqwest buffers part of the response body before it returns the headers.
        request = request.streamed_read_buffer_limit(0)
        if is_upload:
            return request.body_stream(self._read_body())
        if length:
            request = request.body_bytes(b"".join([part async for part in self._read_body()]))
        else:
            self._watchdog.request_complete()
        return request

    async def _read_body(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            self._watchdog.wait_for("client")
            message = await self._receive()
            self._watchdog.wait_for("service")
            if message["type"] == "http.disconnect":
                self._watchdog.disconnected = True
                raise ClientDisconnectedError
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]
        self._watchdog.request_complete()

    async def _stream(self, response: Response) -> None:
        """Send each part as it arrives; a known length shows which part is the last one."""
        headers = to_client(response.headers.items())
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})
        self._started = True
        length = response.get_header("content-length")
        remaining = int(length) if length else None
        while chunk := await response.body_reader.read_chunk():
            if remaining is not None:
                remaining -= len(chunk)
            self._watchdog.wait_for("client")
            await self._send({"type": "http.response.body", "body": chunk.to_bytes(), "more_body": remaining != 0})
            if remaining == 0:
                return
            self._watchdog.wait_for("service")
        await self._send({"type": "http.response.body", "body": b""})

    async def _fail(self, error: BaseException) -> None:
        """Send an error response; a response that has started is aborted instead, so that it is visibly incomplete."""
        if self._watchdog.disconnected:
            log.info("client disconnected", upstream=self._route.service)
            return
        status, detail = self._error_of(error)
        log.error(
            "forwarding failed",
            upstream=self._route.service,
            status=None if self._started else status,
            reason=reason_of(error),
        )
        if not self._started:
            await send_error(self._send, status, detail)

    def _error_of(self, error: BaseException) -> tuple[int, str]:
        service = f"The {self._route.service} service"
        if self._watchdog.timed_out == "client":
            return 408, "The request was not sent in time"
        if self._watchdog.timed_out or isinstance(error, TimeoutError):
            return 504, f"{service} did not respond in time"
        if isinstance(error, BuilderError):
            return 400, "The request cannot be forwarded"
        return 502, f"{service} is unavailable or failed"


def reason_of(error: BaseException) -> str:
    """The error message and its innermost cause, which is the specific one."""
    details = getattr(error, "details", None) or {}
    causes = details.get("causes") or []
    return ": ".join([str(error) or type(error).__name__, *(cause["message"] for cause in causes[-1:])])
