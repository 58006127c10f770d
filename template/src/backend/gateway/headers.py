"""Chooses and rewrites the headers that cross the gateway."""

from collections.abc import Iterable
from typing import Any

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
# The gateway says these itself, whatever the client says; `expect` it has answered already.
REPLACED = frozenset({b"expect", b"forwarded", b"host", b"x-real-ip", b"x-request-id"})
NOT_FORWARDED = HOP_BY_HOP | REPLACED
NOT_RETURNED = frozenset(name.decode("ascii") for name in HOP_BY_HOP | {b"server", b"x-request-id"})


def to_service(scope: Scope) -> list[tuple[str, str]]:
    """The request's headers for the service: without what is about the client's connection, with where it came from."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    named = _named_by_connection(value for name, value in headers if name == b"connection")
    kept = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name not in NOT_FORWARDED and name not in named and not name.startswith(b"x-forwarded-")
    ]
    kept.append(("x-forwarded-for", scope["client"][0]))
    kept.append(("x-forwarded-proto", scope["scheme"]))
    for name, value in headers:
        if name == b"host":
            kept.append(("x-forwarded-host", value.decode("latin-1")))
    kept.append(("x-request-id", current_request_id() or ""))
    return kept


def to_client(headers: Any) -> list[tuple[bytes, bytes]]:
    """The response's headers for the client: without what is about the service's connection."""
    pairs: list[tuple[str, str]] = list(headers.items())
    named = _named_by_connection(value.encode("latin-1") for name, value in pairs if name == "connection")
    return [
        (encoded, value.encode("latin-1"))
        for name, value in pairs
        if name not in NOT_RETURNED and (encoded := name.encode("latin-1")) not in named
    ]


def _named_by_connection(values: Iterable[bytes]) -> frozenset[bytes]:
    return frozenset(name.strip().lower() for value in values for name in value.split(b","))
