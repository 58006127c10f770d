"""The local page of `nox -s dev`: the state, logs, traces, metrics and mail of the application in a browser.

It also receives the spans of services. Only its user can use it: the server listens on the loopback address. It answers
only requests to that address or `localhost`, which no name of a website is (DNS rebinding), and none from pages of
other origins (cross-site requests). The first request needs the token of the printed link, the others the cookie that
it gets. Services need neither to send spans, and browsers cannot: with each POST, they send the header Origin.
"""

import hmac
import json
import re
import secrets
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tasks.core.ports import LOOPBACK

USUAL_PORT = 8010
SPANS = "/v1/traces"
PROTOBUF = "application/x-protobuf"
# Of spans in one request, also when decompressed.
LARGEST_BODY = 4 * 1024 * 1024
# The line before a chunk, with its size.
CHUNK = re.compile(rb"([0-9a-fA-F]{1,7})(?:;.*)?\r\n")
FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
FILES = {f"/{path.name}": path for path in FOLDER.iterdir()}
INDEX = FOLDER / "page.html"
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src data:; script-src 'self'; style-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
WRONG_HOST = "This page is only at http://{host}."
WRONG_ORIGIN = "Pages of other origins cannot use this one."
WITHOUT_LINK = "Open the link that nox -s dev prints: it has the token of this page."
WRONG_SPANS = f"Send {PROTOBUF}, with its size, of up to {LARGEST_BODY} bytes."
SHUTDOWN_POLL_SECONDS = 0.02

Answer = Callable[[Mapping[str, str]], object]


class Page:
    """What the page shows and does: functions from the query of a request to JSON, by path.

    `receive` gets spans in OTLP, and raises ValueError for anything else.
    """

    def __init__(
        self, answers: Mapping[str, Answer], actions: Mapping[str, Answer], receive: Callable[[bytes], None]
    ) -> None:
        self.answers = answers
        self.actions = actions
        self.receive = receive

    @contextmanager
    def served(self, port: int) -> Iterator[str]:
        """Serve the page for this block; yields the link, which has the token."""
        with _Server(self, port) as server:
            thread = Thread(target=server.serve_forever, args=(SHUTDOWN_POLL_SECONDS,), daemon=True)
            thread.start()
            try:
                yield f"http://{LOOPBACK}:{port}/?token={server.token}"
            finally:
                server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, page: Page, port: int) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.page = page
        self.token = secrets.token_urlsafe(32)
        # Cookies are those of all ports of a host.
        self.cookie = f"dev-page-{port}"
        self.hosts = (f"{LOOPBACK}:{port}", f"localhost:{port}")

    def is_token(self, text: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(text.encode(errors="replace"), self.token.encode())

    def handle_error(self, *arguments: Any) -> None:
        """Print an error, unless it is only that a client has gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*arguments)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Seconds for which a connection may be idle.
    timeout = 60

    def do_GET(self) -> None:
        """Respond with the page, a file of it, or JSON."""
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        if reason := self._refusal():
            self._send(403, reason)
        elif url.path == "/" and self.server.is_token(query.get("token", "")):
            # Not redirected: after a redirect of a link from another site, browsers do not send this cookie.
            cookie = f"{self.server.cookie}={self.server.token}; HttpOnly; SameSite=Strict; Path=/"
            self._send_file(INDEX, {"Set-Cookie": cookie})
        elif not self._has_cookie():
            self._send(403, WITHOUT_LINK)
        elif path := {"/": INDEX, **FILES}.get(url.path):
            self._send_file(path)
        elif answer := self.server.page.answers.get(url.path):
            self._send_json(answer(query))
        else:
            self._send(404, "Not found.")

    def do_POST(self) -> None:
        """Do what a button of the page requests, or receive spans."""
        url = urlsplit(self.path)
        # The body is not read, unless it is that of spans.
        self.close_connection = True
        if reason := self._refusal():
            self._send(403, reason)
        elif url.path == SPANS:
            self._receive_spans()
        elif not self.headers["Origin"]:
            self._send(403, WRONG_ORIGIN)
        elif not self._has_cookie():
            self._send(403, WITHOUT_LINK)
        elif action := self.server.page.actions.get(url.path):
            self._send_json(action(dict(parse_qsl(url.query))))
        else:
            self._send(404, "Not found.")

    def _receive_spans(self) -> None:
        if self.headers["Origin"] or self.headers["Sec-Fetch-Site"]:
            self._send(403, WRONG_ORIGIN)
            return
        body = self._body() if self.headers["Content-Type"] == PROTOBUF else None
        if body is None:
            self._send(413, WRONG_SPANS)
            return
        self.close_connection = False
        try:
            self.server.page.receive(decompressed(body) if self.headers["Content-Encoding"] == "gzip" else body)
        except (ValueError, zlib.error) as error:
            self._send(400, f"{error}\n{WRONG_SPANS}")
        else:
            self._send(200, "", PROTOBUF)

    def _body(self) -> bytes | None:
        """The body, also in chunks; None if it has no valid size or is too large."""
        if self.headers["Transfer-Encoding"] != "chunked":
            length = self.headers["Content-Length"] or ""
            size = int(length) if length.isdecimal() and len(length) < 10 else LARGEST_BODY + 1
            return self.rfile.read(size) if size <= LARGEST_BODY else None
        found = b""
        while chunk := CHUNK.fullmatch(self.rfile.readline(1024)):
            size = int(chunk[1], 16)
            if len(found) + size > LARGEST_BODY:
                return None
            found += self.rfile.read(size)
            self.rfile.readline(1024)
            if size == 0:
                return found
        return None

    def _refusal(self) -> str | None:
        """Why this request may be that of a website."""
        hosts, origins = self.headers.get_all("Host", []), self.headers.get_all("Origin", [])
        if len(hosts) != 1 or hosts[0] not in self.server.hosts:
            return WRONG_HOST.format(host=self.server.hosts[0])
        return WRONG_ORIGIN if origins not in ([], [f"http://{hosts[0]}"]) else None

    def _has_cookie(self) -> bool:
        try:
            found = SimpleCookie(self.headers["Cookie"]).get(self.server.cookie)
        except CookieError:
            return False
        return found is not None and self.server.is_token(found.value)

    def _send_file(self, path: Path, headers: Mapping[str, str] | None = None) -> None:
        self._send(200, path.read_text(encoding="utf-8"), TYPES[path.suffix], headers)

    def _send_json(self, value: object) -> None:
        self._send(200, json.dumps(value), "application/json")

    def _send(
        self, status: int, text: str, kind: str = "text/plain; charset=utf-8", headers: Mapping[str, str] | None = None
    ) -> None:
        body = text.encode()
        self.send_response(status)
        own = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Connection": "close" if self.close_connection else "keep-alive",
        }
        for name, value in {**HEADERS, **own, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: the page asks every second."""


def decompressed(body: bytes) -> bytes:
    """The content of a body in gzip. Raises ValueError if it is too large, and zlib.error if it is broken."""
    decompressor = zlib.decompressobj(wbits=31)
    found = decompressor.decompress(body, LARGEST_BODY)
    if decompressor.unconsumed_tail:
        raise ValueError("The body is too large.")
    return found
