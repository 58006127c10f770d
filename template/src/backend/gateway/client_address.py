"""The address of the client: the TCP peer, or what a trusted proxy in front of the gateway reports."""

import socket
from collections.abc import Awaitable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.middleware import first_values
from shared.request_id import parse_address

Network = IPv4Network | IPv6Network

MAPPED_IPV4 = bytes(10) + b"\xff\xff"
SCHEMES = frozenset({b"http", b"https"})
HEADERS = frozenset({b"forwarded", b"x-forwarded-for"})

log = structlog.get_logger()


class NoTrustedProxies:
    """ASGI middleware that warns once if requests seem to come from a proxy, whose header is ignored."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._warned = False

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Handle one request."""
        if not self._warned and scope["type"] != "lifespan" and not HEADERS.isdisjoint(first_values(scope)):
            self._warned = True
            log.warning("proxy not trusted", reason="its clients share one rate limit; set TRUSTED_PROXIES")
        return self._app(scope, receive, send)


class TrustedProxies:
    """ASGI middleware that sets the client and the scheme of requests that come from trusted proxies."""

    def __init__(self, app: ASGIApp, networks: Sequence[Network], *, use_forwarded: bool) -> None:
        self._app = app
        self._networks = networks
        self._use_forwarded = use_forwarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "lifespan":
            self.apply(scope)
        await self._app(scope, receive, send)

    def apply(self, scope: Scope) -> None:
        """Set `client` to the last address that is not a trusted proxy's, and `scheme` to that of the last proxy."""
        peer, port = scope["client"]
        if not self._is_trusted(_parse(peer)):
            return
        hops = self._forwarded(scope) if self._use_forwarded else self._x_forwarded(scope)
        client = peer
        for number, (text, scheme) in enumerate(reversed(hops)):
            if number == 0 and scheme in SCHEMES:
                scope["scheme"] = scheme.decode()
            address = _parse(text.decode("latin-1"))
            # What precedes an unknown address cannot be trusted.
            if address is None:
                break
            client = str(address)
            if not self._is_trusted(address):
                break
        scope["client"] = (client, port)

    def _is_trusted(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)

    def _x_forwarded(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Address and scheme of each hop, from `X-Forwarded-For` and the last `X-Forwarded-Proto`."""
        scheme = first_values(scope).get(b"x-forwarded-proto", b"").rpartition(b",")[2].strip().lower()
        return [(each, scheme) for each in _values(scope, b"x-forwarded-for")]

    def _forwarded(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Address and scheme of each hop, from `Forwarded` (RFC 7239).

        Commas separate elements even in quotes: a client could open one that the proxy's own element would be part of.
        """
        hops = []
        for element in _values(scope, b"forwarded"):
            pairs = (each.partition(b"=") for each in element.split(b";"))
            found = {name.strip().lower(): value.strip(b' "') for name, _, value in pairs}
            hops.append((found.get(b"for", b""), found.get(b"proto", b"").lower()))
        return hops


def bucket(address: str) -> str:
    """What is counted as one client: an IPv4 address, or the /64 network of an IPv6 address."""
    if ":" not in address:
        return address
    try:
        packed = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
    except OSError:
        return address
    return socket.inet_ntoa(packed[12:]) if packed.startswith(MAPPED_IPV4) else packed[:8].hex()


def _values(scope: Scope, wanted: bytes) -> list[bytes]:
    lines = [value for name, value in scope["headers"] if name == wanted]
    return [each.strip() for each in b",".join(lines).split(b",")] if lines else []


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """An address with or without a port, IPv6 then in brackets; an IPv4 address that is mapped to IPv6 as such."""
    host = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    address = parse_address(host)
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
