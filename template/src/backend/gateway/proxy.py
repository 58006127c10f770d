"""Streams a request to a service, and its response back to the client."""

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
from gateway.supervisor import Supervisor
from shared.request_body import announced_length
from shared.responses import send_error

# A request's body up to this size is read before it is sent on.
SMALL_BODY = 64 * 1024


log = structlog.get_logger()


class ClientWentAway(Exception):
    """The client closed its connection before it had sent all."""


class Exchange:
    """One request on its way to a service and back; `timeout` in seconds, for each part of it."""

    def __init__(self, route: Route, scope: Scope, receive: Receive, send: Send, *, timeout: float) -> None:
        self._route = route
        self._scope = scope
        self._receive = receive
        self._send = send
        self._supervisor = Supervisor(receive, timeout)
        self._started = False

    async def run(self, clients: Clients) -> None:
        """Answer with the service's response; with 504 if it is late, with 502 if it fails otherwise."""
        try:
            async with (await self._request(clients)).build_streamed() as response:
                await self._return(response)
        except (PyreqwestError, ClientWentAway) as error:
            await self._fail(error)
        except asyncio.CancelledError as error:
            if not self._supervisor.forgive():
                raise
            await self._fail(error)
        finally:
            self._supervisor.stop()

    async def _request(self, clients: Clients) -> RequestBuilder:
        scope = self._scope
        url = self._route.url + scope["raw_path"].decode("ascii")
        if scope["query_string"]:
            url += "?" + scope["query_string"].decode("latin-1")
        length = announced_length(scope)
        uploads = length is None or length > SMALL_BODY
        client = clients.uploads if uploads else clients.plain
        request = client.request(scope["method"], url).headers(to_service(scope))
        # Otherwise the client library waits for so much of the body before it gives the headers.
        request = request.streamed_read_buffer_limit(0)
        if uploads:
            return request.body_stream(self._upload())
        if length:
            request = request.body_bytes(b"".join([part async for part in self._upload()]))
        else:
            self._supervisor.listen()
        return request

    async def _upload(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            self._supervisor.expect("client")
            message = await self._receive()
            self._supervisor.expect("service")
            if message["type"] == "http.disconnect":
                self._supervisor.gone = True
                raise ClientWentAway
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]
        self._supervisor.listen()

    async def _return(self, response: Response) -> None:
        """Send each part as it comes; the last one as such, where its length tells that it is the last."""
        headers = to_client(response.headers.items())
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})
        self._started = True
        announced = response.get_header("content-length")
        left = int(announced) if announced else None
        while chunk := await response.body_reader.read_chunk():
            if left is not None:
                left -= len(chunk)
            self._supervisor.expect("client")
            await self._send({"type": "http.response.body", "body": chunk.to_bytes(), "more_body": left != 0})
            if left == 0:
                return
            self._supervisor.expect("service")
        await self._send({"type": "http.response.body", "body": b""})

    async def _fail(self, error: BaseException) -> None:
        """Answer for what failed; a response that has begun is broken off, so that nobody takes it for a whole one."""
        if self._supervisor.gone:
            log.info("client went away", upstream=self._route.service)
            return
        status, detail = self._verdict(error)
        log.error(
            "forwarding failed",
            upstream=self._route.service,
            answer=None if self._started else status,
            reason=reason_of(error),
        )
        if not self._started:
            await send_error(self._send, status, detail)

    def _verdict(self, error: BaseException) -> tuple[int, str]:
        service = f"The {self._route.service} service"
        if self._supervisor.late == "client":
            return 408, "The request was not sent in time"
        if self._supervisor.late or isinstance(error, TimeoutError):
            return 504, f"{service} did not answer in time"
        if isinstance(error, BuilderError):
            return 400, "The request cannot be forwarded"
        return 502, f"{service} cannot be reached or failed"


def reason_of(error: BaseException) -> str:
    """What went wrong, with the innermost cause, which has the substance."""
    details = getattr(error, "details", None) or {}
    causes = details.get("causes") or []
    return ": ".join([str(error) or type(error).__name__, *(cause["message"] for cause in causes[-1:])])
