"""A receiver of traces: an HTTP server that decodes what exporters send by OTLP."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.serving import TIMEOUT_SECONDS


@dataclass(frozen=True)
class Span:
    """A span that was received; IDs are hexadecimal, and the parent's is empty if there is none."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    is_failed: bool
    attributes: dict[str, Any]


class Receiver:
    """Receives spans at its URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[Span] = []

    def add(self, body: bytes) -> None:
        """Decode the body of a request."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = str(_attributes(resource.resource)["service.name"])
            self.spans += [
                Span(
                    service,
                    each.name,
                    each.trace_id.hex(),
                    each.span_id.hex(),
                    each.parent_span_id.hex(),
                    each.status.code == each.status.STATUS_CODE_ERROR,
                    _attributes(each),
                )
                for scope in resource.scope_spans
                for each in scope.spans
            ]

    async def trace(self, trace_id: str, *names: str) -> dict[str, Span]:
        """The spans of a trace, each as `service name`, when all of these are among them."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                found = {f"{each.service} {each.name}": each for each in self.spans if each.trace_id == trace_id}
                if set(names) <= set(found):
                    return found
                await asyncio.sleep(0.02)


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """A running receiver."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.read_body()
            if self.path == "/v1/traces":
                found.add(body)
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("content-length", "0")
            self.end_headers()

        def read_body(self) -> bytes:
            """The body, of a known length or in chunks, as exporters of Node.js send it."""
            if "content-length" in self.headers:
                return self.rfile.read(int(self.headers["content-length"]))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size + len(b"\r\n"))[:size]
            self.rfile.readline()
            return body

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def _attributes(holder: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in holder.attributes}
