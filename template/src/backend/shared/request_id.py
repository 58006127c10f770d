"""The ID that a request carries through every hop, log and response."""

import re
import secrets
from contextvars import ContextVar
from itertools import count

HEADER = b"x-request-id"

_PLAIN = re.compile(rb"[A-Za-z0-9._-]{8,64}")
# Unlike random bytes for each request, a random start and a number cost next to nothing.
_PROCESS = secrets.token_hex(10)
_numbers = count(1)
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """The ID of the request that this task answers, if it answers one."""
    return _current.get()


def enter(offered: bytes | None) -> str:
    """Make the caller's ID the current one, or a new one where theirs is missing or unfit for logs."""
    if offered and _PLAIN.fullmatch(offered):
        request_id = offered.decode("ascii")
    else:
        request_id = f"{_PROCESS}{next(_numbers):012x}"
    _current.set(request_id)
    return request_id
