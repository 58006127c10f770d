"""Streaming reverse proxy: forwards one request to a service and streams the response back."""

import asyncio
import logging
import math
import sys
from collections.abc import AsyncIterator
from typing import Any

import structlog
from pyreqwest.exceptions import BuilderError, PyreqwestError
from pyreqwest.request import RequestBuilder
from pyreqwest.response import Response
from starlette.types import Receive, Scope, Send

from gateway.client_address import bucket
from gateway.clients import LONG_TIMEOUT, Clients
from gateway.headers import to_client, to_service
from gateway.upstreams import Address, Upstream, is_repeatable
from gateway.watchdog import Watchdog
from shared import tracing
from shared.error_responses import Headers, send_error
from shared.metrics import method_name
from shared.middleware import RETRY, first_values
from shared.request_body import BodyAdmission, BodyError, content_length

# A request body of up to this many bytes is buffered; a larger one is streamed.
BUFFERED_BYTES = 64 * 1024
BODIES = BodyAdmission()
EVENTS = b"text/event-stream"


log = structlog.get_logger()


class NoAddressError(Exception):
    """The name of the service has no address."""


class ForwardedRequest:
    """A request that is forwarded to a service."""

    def __init__(self, upstream: Upstream, watchdog: Watchdog, scope: Scope, receive: Receive, send: Send) -> None:
        received = first_values(scope)
        self._upstream = upstream
        self._headers: Headers = ()
        self._scope = scope
        self._receive = receive
        self._send = send
        self._watchdog = watchdog
        self._length = content_length(received)
        self._is_upload = self._length is None or self._length > BUFFERED_BYTES
        self._body = b""
        # Between events, a stream may be silent for longer than a service may take to respond.
        self._silence = LONG_TIMEOUT.total_seconds() if EVENTS in received.get(b"accept", b"") else None
        self._receiving = self._reading = self._answered = self._started = False

    async def run(self, clients: Clients, headers: Headers) -> None:
        """Send the service's response with more headers.

        503 if its circuit is open, 504 if it times out, 502 for any other failure of the service.
        """
        self._headers = headers
        breaker = self._upstream.breaker
        if seconds := breaker.admit(self):
            self._watchdog.stop()
            self._upstream.rejected += 1
            retry_after = ((b"retry-after", b"%d" % math.ceil(seconds)),)
            detail = f"The {self._upstream.name} service is overloaded or failing; try again"
            await send_error(self._send, 503, detail, retry_after)
            return
        failed: bool | None = None
        try:
            if self._length == 0:
                self._request_complete()
            else:
                await self._buffer(self._length or 0)
            await self._forward(clients)
        except (PyreqwestError, NoAddressError, BodyError, UnicodeDecodeError) as error:
            failed = self._is_failure(error)
            await self._fail(error)
        except asyncio.CancelledError as error:
            if not self._watchdog.uncancel():
                raise
            failed = self._is_failure(error)
            await self._fail(error)
        finally:
            breaker.finish(self, failed=failed)
            self._watchdog.stop()
            self._end_body()

    async def _buffer(self, length: int) -> None:
        """Read the body, unless it is streamed to the service."""
        if length > self._scope["route"].max_body:
            raise BodyError(413, "The body is too large")
        BODIES.enter(bucket(self._scope["client"][0]))
        self._receiving = True
        if not self._is_upload:
            self._body = b"".join([part async for part in self._read_body()])

    async def _forward(self, clients: Clients) -> None:
        """Forward the request, and repeat it on another address if the service cannot have handled it twice."""
        attempts = 0
        address = None
        while True:
            address = self._upstream.only or await self._upstream.choose(address)
            if address is None:
                raise NoAddressError(f"no address for {self._upstream.name}")
            attempts += 1
            try:
                await self._attempt(clients, address, attempts)
            except PyreqwestError as error:
                if not await self._may_repeat(error, address, attempts):
                    raise
            except asyncio.CancelledError as error:
                if self._watchdog.timed_out == "service" and not self._answered:
                    self._upstream.failed(address, error)
                raise
            else:
                return

    async def _attempt(self, clients: Clients, address: Address, number: int) -> None:
        """Send the request to an address, and return the response."""
        span = self._start_span(address, number) if tracing.is_sampled() else None
        address.waiting += 1
        try:
            async with self._build(clients, address, span).build_streamed() as response:
                self._answered = True
                if span is not None:
                    span.set_attributes({"http.response.status_code": response.status})
                self._upstream.succeeded(address)
                self._upstream.breaker.finish(self, failed=False)
                await self._stream(response)
        finally:
            address.waiting -= 1
            if span is not None:
                tracing.finish(span, error=sys.exception())

    def _start_span(self, address: Address, number: int) -> Any:
        """Start the span of an attempt."""
        attributes: dict[str, str | int | bool] = {
            "http.request.resend_count": number - 1,
            "upstream.service": self._upstream.name,
            "upstream.circuit": self._upstream.breaker.state,
        }
        if len(self._upstream.addresses) > 1:
            attributes["server.address"] = address.url
        return tracing.start(f"{method_name(self._scope['method'])} {self._upstream.name}", attributes)

    async def _may_repeat(self, error: PyreqwestError, address: Address, attempts: int) -> bool:
        if self._answered or isinstance(error, BuilderError):
            return False
        self._upstream.failed(address, error)
        is_lost = self._is_upload and self._reading
        if is_lost or not is_repeatable(error, self._scope["method"]):
            return False
        if not await self._upstream.may_retry(attempts):
            return False
        self._watchdog.wait_for("service")
        return True

    def _build(self, clients: Clients, address: Address, span: Any) -> RequestBuilder:
        scope = self._scope
        url = address.url + scope["raw_path"].decode("ascii")
        if scope["query_string"]:
            url += "?" + scope["query_string"].decode()
        headers = to_service(scope, span)
        client = clients.streams if self._is_upload or self._silence else clients.default
        if address.host:
            headers.append(("host", address.host))
        # Without this, pyreqwest buffers part of the response body before it returns the headers.
        request = client.request(scope["method"], url).headers(headers).streamed_read_buffer_limit(0)
        if self._is_upload:
            return request.body_stream(self._read_body())
        return request.body_bytes(self._body) if self._body else request

    def _request_complete(self) -> None:
        self._watchdog.request_complete()
        self._upstream.breaker.start(self)

    def _is_failure(self, error: BaseException) -> bool | None:
        """Whether the service has failed; None if the client has, or the response had begun."""
        if self._answered or self._watchdog.disconnected or self._watchdog.timed_out == "client":
            return None
        return None if isinstance(error, BuilderError | BodyError | UnicodeDecodeError) else True

    async def _read_body(self) -> AsyncIterator[bytes]:
        more = self._reading = True
        remaining = self._scope["route"].max_body
        while more:
            self._watchdog.wait_for("client")
            message = await self._receive()
            self._watchdog.wait_for("service")
            more = message.get("more_body", False)
            remaining -= len(message.get("body", b""))
            if remaining < 0:
                raise BodyError(413, "The body is too large")
            if message.get("body"):
                yield message["body"]
        self._end_body()
        self._request_complete()

    def _end_body(self) -> None:
        if self._receiving:
            self._receiving = False
            BODIES.leave(bucket(self._scope["client"][0]))

    async def _stream(self, response: Response) -> None:
        """Send each part as it arrives; a known length shows which part is the last one."""
        headers = [*to_client(response), *self._headers]
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})
        self._started = True
        length = response.get_header("content-length")
        remaining = int(length) if length else None
        self._watchdog.wait_for("service", self._silence)
        while chunk := await response.body_reader.read_chunk():
            if remaining is not None:
                remaining -= len(chunk)
            self._watchdog.wait_for("client")
            await self._send({"type": "http.response.body", "body": chunk.to_bytes(), "more_body": remaining != 0})
            if remaining == 0:
                return
            self._watchdog.wait_for("service", self._silence)
        await self._send({"type": "http.response.body", "body": b""})

    async def _fail(self, error: BaseException) -> None:
        """Send an error response; a response that has started is aborted instead, so that it is visibly incomplete."""
        if self._watchdog.disconnected:
            log.info("client disconnected", upstream=self._upstream.name)
            return
        status, detail = self._error_of(error)
        log.log(
            logging.ERROR if self._started or status >= 500 else logging.INFO,
            "forwarding failed",
            upstream=self._upstream.name,
            status=None if self._started else status,
            reason=reason_of(error),
        )
        if not self._started:
            await send_error(self._send, status, detail, RETRY if status in {429, 503} else ())

    def _error_of(self, error: BaseException) -> tuple[int, str]:
        service = f"The {self._upstream.name} service"
        if self._watchdog.timed_out == "client":
            return 408, "The request body was not sent in time"
        if isinstance(error, BodyError):
            return error.status_code, error.detail
        if isinstance(error, UnicodeDecodeError):
            return 400, "A header or the query has bytes that are not UTF-8"
        if self._watchdog.timed_out or isinstance(error, TimeoutError):
            return 504, f"{service} did not respond in time"
        if isinstance(error, BuilderError):
            return 400, "The request cannot be forwarded"
        return 502, f"{service} is unavailable or failed"


def reason_of(error: BaseException) -> str:
    """The kind of error and its innermost cause; not its message, which has the URL with the query."""
    details = getattr(error, "details", None) or {}
    causes = details.get("causes") or []
    return ": ".join([type(error).__name__, *(cause["message"] for cause in causes[-1:])])
