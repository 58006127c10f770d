"""Filters and rewrites the headers of forwarded requests and responses."""

from collections.abc import Iterable

from starlette.types import Scope

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
REPLACED = frozenset({b"expect", b"forwarded", b"host", b"x-real-ip", b"x-request-id"})
CONNECTION_OPTIONS = frozenset({"keep-alive", "close"})
NOT_FORWARDED = HOP_BY_HOP | REPLACED
NOT_RETURNED = frozenset(name.decode("ascii") for name in HOP_BY_HOP | {b"server", b"x-request-id"})


def to_service(scope: Scope) -> list[tuple[str, str]]:
    """The request headers to forward: without hop-by-hop headers, with `X-Forwarded-*`."""
    headers = []
    named: frozenset[str] = frozenset()
    for name, value in scope["headers"]:
        if name == b"connection":
            named |= _names(value.decode("latin-1"))
        elif name == b"host":
            headers.append(("x-forwarded-host", value.decode("latin-1")))
        elif name not in NOT_FORWARDED and not name.startswith(b"x-forwarded-"):
            headers.append((name.decode("latin-1"), value.decode("latin-1")))
    if named:
        headers = [pair for pair in headers if pair[0] not in named]
    headers += [
        ("x-forwarded-for", scope["client"][0]),
        ("x-forwarded-proto", scope["scheme"]),
        ("x-request-id", current_request_id() or ""),
    ]
    return headers


def to_client(pairs: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """The response headers to return: without hop-by-hop headers."""
    headers = []
    named: frozenset[str] = frozenset()
    for name, value in pairs:
        if name == "connection":
            named |= _names(value) - CONNECTION_OPTIONS
        elif name not in NOT_RETURNED:
            headers.append((name.encode("latin-1"), value.encode("latin-1")))
    return [pair for pair in headers if pair[0].decode("latin-1") not in named] if named else headers


def _names(connection: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in connection.split(","))
