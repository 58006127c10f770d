"""Filters and rewrites the headers of forwarded requests and responses."""

from collections.abc import Sequence
from typing import Any

import structlog
from pyreqwest.http import HeaderMap
from pyreqwest.response import Response
from starlette.types import Scope

from shared import tracing
from shared.request_id import current_request_id

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# The gateway sets these itself; it has already answered `expect`.
REPLACED = frozenset({b"expect", b"forwarded", b"host", b"traceparent", b"tracestate", b"x-real-ip", b"x-request-id"})
CONNECTION_OPTIONS = frozenset({"keep-alive", "close"})
NOT_FORWARDED = HOP_BY_HOP | REPLACED
# RFC 9110 §7.6.3: the protocol of the received message and a pseudonym of this gateway.
VIA = {"1": "1.0 gateway", "1.1": "1.1 gateway"}
VIA_RESPONSE = (b"via", b"1.1 gateway")
NOT_RETURNED = frozenset(name.decode("ascii") for name in HOP_BY_HOP | {b"server", b"x-request-id"})


log = structlog.get_logger()


def to_service(scope: Scope, span: Any = None) -> list[tuple[str, str]]:
    """The request headers to forward: without hop-by-hop headers, with `Via`, `X-Forwarded-*` and `traceparent`.

    The last is that of the span of the call, if there is one.

    Raises UnicodeDecodeError if a value is not UTF-8: pyreqwest takes text and sends it as UTF-8.
    """
    headers = []
    named: frozenset[str] = frozenset()
    host = ""
    for name, value in scope["headers"]:
        if name == b"connection":
            named |= _names(value.decode()) - CONNECTION_OPTIONS
        elif name == b"host":
            host = value.decode()
        elif name not in NOT_FORWARDED and not name.startswith(b"x-forwarded-"):
            headers.append((name.decode(), value.decode()))
    if named:
        headers = [pair for pair in headers if pair[0] not in named]
    headers += [
        ("via", VIA[scope["http_version"]]),
        ("x-forwarded-host", host),
        ("x-forwarded-for", scope["client"][0]),
        ("x-forwarded-proto", scope["scheme"]),
        ("x-request-id", current_request_id() or ""),
    ]
    if trace := tracing.header_of(span):
        headers.append(("traceparent", trace))
    return headers


def to_client(response: Response) -> list[tuple[bytes, bytes]]:
    """The response headers to return: without hop-by-hop headers, with `Via`."""
    headers = []
    named: frozenset[str] = frozenset()
    for name, value in _read(response.headers):
        if name == "connection":
            named |= _names(value) - CONNECTION_OPTIONS
        elif name not in NOT_RETURNED:
            headers.append((name.encode("ascii"), value.encode("ascii")))
    if named:
        headers = [pair for pair in headers if pair[0].decode("ascii") not in named]
    headers.append(VIA_RESPONSE)
    return headers


def _read(headers: HeaderMap) -> Sequence[tuple[str, str]]:
    """The name and value of each header, without the headers that are not ASCII, which pyreqwest cannot return."""
    try:
        return list(headers.items())
    except ValueError:
        readable = []
        for name in dict.fromkeys(headers.keys()):
            try:
                readable += [(name, value) for value in headers.getall(name)]
            except ValueError:
                log.warning("response header dropped", name=name, reason="not ASCII")
        return readable


def _names(connection: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in connection.split(","))
