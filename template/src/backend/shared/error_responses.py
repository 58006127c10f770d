"""Error responses: their models, their OpenAPI descriptions, and a way to send one from plain ASGI code."""

import json
from collections.abc import Sequence
from typing import Any

from starlette.types import Send

from shared.schemas import Schema

Headers = Sequence[tuple[bytes, bytes]]
Responses = dict[int | str, dict[str, Any]]


class ErrorResponse(Schema):
    """An error."""

    detail: str
    """What went wrong."""


class InvalidValue(Schema):
    """A part of the request that failed validation."""

    type: str
    """The kind of error, such as `missing`."""

    loc: list[str | int]
    """Where the value is in the request, such as `["body", "email"]`."""

    msg: str
    """What is wrong with the value."""


class ValidationErrorResponse(Schema):
    """The request failed validation."""

    detail: list[InvalidValue]
    """Every invalid or missing value."""


CHALLENGE = {"WWW-Authenticate": {"description": "The reason, as in RFC 6750.", "schema": {"type": "string"}}}
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait before a retry.", "schema": {"type": "integer"}}}


def describe(status: int, description: str, **details: Any) -> Responses:
    """The OpenAPI description of an error response, for `responses` of a route."""
    return {status: {"model": ErrorResponse, "description": description, **details}}


UNAUTHORIZED = describe(
    401, "The access token is missing, invalid or expired, or its session has ended.", headers=CHALLENGE
)
INVALID = describe(422, "The request failed validation.", model=ValidationErrorResponse)
UNAVAILABLE = describe(503, "A dependency is unavailable or overloaded.", headers=RETRY_AFTER)


async def send_error(send: Send, status: int, detail: str, headers: Headers = ()) -> None:
    """Send a complete response with the body `{"detail": …}`, as FastAPI does."""
    body = json.dumps({"detail": detail}).encode()
    own = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})
