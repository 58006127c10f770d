"""Streams a request to a service, and its response back to the client."""

import asyncio
from collections.abc import AsyncIterator

import structlog
from pyreqwest.client import Client
from pyreqwest.exceptions import BuilderError, PyreqwestError
from pyreqwest.request import RequestBuilder
from pyreqwest.response import Response
from starlette.types import Receive, Scope, Send

from gateway.client_side import SMALL_BODY, ClientSide, ClientWentAwayError, declared_length
from gateway.headers import to_client, to_service
from gateway.routes import Route
from shared.responses import send_error

log = structlog.get_logger()


class Proxy:
    """Forwards over one pooled client; `timeout` in seconds, for the start of an answer and between two parts of one."""

    def __init__(self, client: Client, timeout: float) -> None:
        self._client = client
        self._timeout = timeout

    async def forward(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the service's response; with 504 if it is late, with 502 if it fails otherwise."""
        await Exchange(self._client, self._timeout, route, scope, receive, send).run()


class Exchange:
    """One request on its way to a service and back."""

    def __init__(
        self, client: Client, timeout: float, route: Route, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._client = client
        self._timeout = timeout
        self._route = route
        self._scope = scope
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._deadline = asyncio.timeout(timeout)
        self._client_side = ClientSide(receive, timeout)
        self._started = False

    async def run(self) -> None:
        """Forward, and turn what goes wrong into an answer."""
        try:
            async with self._deadline:
                await self._forward()
        except (PyreqwestError, TimeoutError, ClientWentAwayError) as error:
            await self._fail(error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._client_side.gone or task is None:
                raise
            task.uncancel()
            log.info("client went away", upstream=self._route.service)
        finally:
            self._client_side.stop()

    async def _forward(self) -> None:
        request = await self._request()
        async with request.build_streamed() as response:
            await self._return(response)

    async def _request(self) -> RequestBuilder:
        scope = self._scope
        url = self._route.url + scope["raw_path"].decode("ascii")
        if scope["query_string"]:
            url += "?" + scope["query_string"].decode("latin-1")
        request = self._client.request(scope["method"], url).headers(to_service(scope))
        length = declared_length(scope["headers"])
        if length is None or length > SMALL_BODY:
            return request.body_stream(self._upload())
        if length:
            self._pause()
            request = request.body_bytes(await self._client_side.read())
            self._resume()
        self._client_side.watch()
        return request

    async def _upload(self) -> AsyncIterator[bytes]:
        """The client's body; while the client is waited for, the service's time does not run."""
        self._pause()
        async for part in self._client_side.stream():
            self._resume()
            yield part
            self._pause()
        self._resume()
        self._client_side.watch()

    async def _return(self, response: Response) -> None:
        start = {"type": "http.response.start", "status": response.status, "headers": to_client(response.headers)}
        length = response.get_header("content-length")
        await self._send(start)
        self._started = True
        left = int(length) if length else None
        while chunk := await response.body_reader.read_chunk():
            part = chunk.to_bytes()
            left = left and left - len(part)
            self._pause()
            await self._send({"type": "http.response.body", "body": part, "more_body": left != 0})
            if left == 0:
                return
            self._resume()
        await self._send({"type": "http.response.body", "body": b""})

    async def _fail(self, error: Exception) -> None:
        """Answer for what failed; a response that has begun is broken off, so that nobody takes it for a whole one."""
        side = self._client_side
        if side.gone:
            log.info("client went away", upstream=self._route.service)
            return
        service = f"The {self._route.service} service"
        if side.late:
            status, detail = 408, "The request was not sent in time"
        elif isinstance(error, BuilderError):
            status, detail = 400, "The request cannot be forwarded"
        elif isinstance(error, TimeoutError):
            status, detail = 504, f"{service} did not answer in time"
        else:
            status, detail = 502, f"{service} cannot be reached or failed"
        log.error("upstream failed", upstream=self._route.service, status=status, begun=self._started, reason=reason_of(error))
        if not self._started:
            await send_error(self._send, status, detail)

    def _pause(self) -> None:
        self._deadline.reschedule(None)

    def _resume(self) -> None:
        self._deadline.reschedule(self._loop.time() + self._timeout)


def reason_of(error: Exception) -> str:
    """What the client library says, with the innermost cause, which has the substance."""
    details = error.details if isinstance(error, PyreqwestError) and hasattr(error, "details") else None
    causes = (details or {}).get("causes") or []
    return ": ".join([str(error) or type(error).__name__, *(cause["message"] for cause in causes[-1:])])
