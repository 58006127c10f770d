"""The ID that a request carries through every hop, log and response."""

import re
import secrets
from contextvars import ContextVar

HEADER = b"x-request-id"

_PLAIN = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """The ID of the request that this task answers, if it answers one."""
    return _current.get()


def enter(offered: bytes | None) -> str:
    """Make the caller's ID the current one, or a new one where theirs is missing or unfit for logs."""
    request_id = offered.decode("ascii") if offered and _PLAIN.fullmatch(offered) else secrets.token_hex(16)
    _current.set(request_id)
    return request_id
