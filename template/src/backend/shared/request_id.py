"""The request ID, which is in every log event, response and call to another service."""

import re
import secrets
from contextvars import ContextVar
from itertools import count

HEADER = b"x-request-id"

_VALID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
# A random prefix and a counter are much cheaper than random bytes for each request.
_PREFIX = secrets.token_hex(10)
_counter = count(1)
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


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
