"""The current request: its ID, which is in every log event, response and call to another service, and its client."""

import re
import secrets
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import count

from starlette.types import Scope

HEADER = b"x-request-id"
MAX_USER_AGENT = 200
# The first that a user agent contains: a browser also names those that it is compatible with.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}

_VALID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
# A random prefix and a counter are much cheaper than random bytes for each request.
_PREFIX = secrets.token_hex(10)
_counter = count(1)
_current: ContextVar[str | None] = ContextVar("request_id", default=None)
_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current_request_id() -> str | None:
    """The ID of the current request; None outside a request."""
    return _current.get()


def set_request_id(received: bytes | None) -> str:
    """Set the current ID: the one received from the client, or a new one if that is missing or not safe to log."""
    if received and _VALID.fullmatch(received):
        request_id = received.decode("ascii")
    else:
        request_id = f"{_PREFIX}{next(_counter):012x}"
    _current.set(request_id)
    return request_id


def current_client() -> str | None:
    """The address of the client of the current request; None outside a request."""
    scope = _scope.get()
    return scope["client"][0] if scope and scope.get("client") else None


def current_address() -> IPv4Address | IPv6Address | None:
    """The same as an address; None if it is not one."""
    return parse_address(current_client() or "")


def current_user_agent() -> str | None:
    """The shortened user agent of the current request; None outside a request or without one."""
    scope = _scope.get()
    found = next((value for name, value in scope["headers"] if name == b"user-agent"), b"") if scope else b""
    return "".join(filter(str.isprintable, found.decode(errors="replace")))[:MAX_USER_AGENT] or None


def device_name(user_agent: str | None) -> str | None:
    """A device for people, such as `Firefox on Linux`; a program that is not a browser has its own name."""
    if user_agent is None:
        return None
    names = [next((name for part, name in known.items() if part in user_agent), None) for known in (BROWSERS, SYSTEMS)]
    return " on ".join(filter(None, names)) or user_agent.partition("/")[0]


def set_client(scope: Scope, forwarded_for: bytes | None = None) -> None:
    """Set the client of the current request: the address that the gateway reports to a service, or the TCP peer."""
    if forwarded_for and (address := parse_address(forwarded_for.decode("latin-1"))):
        scope["client"] = (str(address), 0)
    _scope.set(scope)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """An address without its zone, which has a meaning on one machine only; None if it is invalid."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
