"""Error responses: problem details (RFC 9457) as responses, as plain ASGI messages, and in OpenAPI documents."""

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.types import Send

from shared import tracing
from shared.schemas import Schema

Headers = Sequence[tuple[bytes, bytes]]
Responses = dict[int | str, dict[str, Any]]

MEDIA_TYPE = "application/problem+json"
# More would help nobody, and a body with many thousands of errors would cost memory.
MAX_ERRORS = 32
# Titles of RFC 9110; the phrases of Python depend on its version.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
# Where Pydantic's own message is about Python.
MESSAGES = {
    "missing": "This value is required",
    "extra_forbidden": "This field does not exist",
    "json_invalid": "The body is not valid JSON",
    "string_pattern_mismatch": "Has characters that are not allowed",
    "string_type": "Must be text",
    "uuid_type": "Must be a UUID",
    "uuid_parsing": "Must be a UUID",
    "bool_type": "Must be true or false",
    "bool_parsing": "Must be true or false",
    "int_type": "Must be a whole number",
    "int_parsing": "Must be a whole number",
    "list_type": "Must be a list",
    "dict_type": "Must be an object",
    "model_type": "Must be an object",
    "model_attributes_type": "Must be an object",
}


class Problem(Schema):
    """An error, as problem details (RFC 9457)."""

    type: str = "about:blank"
    """Always `about:blank`: the status and the code describe the kind of error."""

    title: str = Field(examples=["Conflict"])
    """The name of the status."""

    status: int
    """The HTTP status."""

    code: str = Field(examples=["conflict"])
    """The kind of error, for programs; it does not change."""

    detail: str
    """What went wrong, for people."""

    trace_id: str = Field(default="", examples=["4bf92f3577b34da6a3ce929d0e0e4736"])
    """The ID of the trace of the request, for reports to the operator; missing if tracing is off."""


class InvalidValue(Schema):
    """A part of the request that failed validation."""

    field: str = Field(examples=["email"])
    """The name of the field or parameter, such as `items.0.name` in a body; `body` for the body itself."""

    code: str = Field(examples=["string_too_short"])
    """The kind of error, for programs; `missing` for a required value."""

    message: str
    """What is wrong with the value, for people."""


class ValidationProblem(Problem):
    """The request failed validation."""

    errors: list[InvalidValue]
    """The invalid and missing values; at most 32."""


CHALLENGE = {"WWW-Authenticate": {"description": "The reason, as in RFC 6750.", "schema": {"type": "string"}}}
LIMIT = {"description": "As in draft-ietf-httpapi-ratelimit-headers-10.", "schema": {"type": "string"}}
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait before a retry.", "schema": {"type": "integer"}}}
RATE_LIMITED_HEADERS = {**RETRY_AFTER, "RateLimit": LIMIT, "RateLimit-Policy": LIMIT}


def describe(status: int, description: str, **details: Any) -> Responses:
    """The OpenAPI description of an error response, for `responses` of a route."""
    return {status: {"model": Problem, "description": description, **details}}


UNAUTHORIZED = describe(
    401, "The access token is missing, invalid or expired, or its session has ended.", headers=CHALLENGE
)
INVALID = describe(422, "The request failed validation.", model=ValidationProblem)
UNAVAILABLE = describe(503, "A dependency is unavailable or overloaded.", headers=RETRY_AFTER)


def use_problem_media_type(document: dict[str, Any]) -> dict[str, Any]:
    """Correct the media type of models named `…Problem`: FastAPI has one media type for all responses of a route."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                content = response.get("content", {})
                if content.get("application/json", {}).get("schema", {}).get("$ref", "").endswith("Problem"):
                    content[MEDIA_TYPE] = content.pop("application/json")
    return document


class ProblemResponse(JSONResponse):
    """A response with problem details; `code` is by default the title in snake case."""

    media_type = MEDIA_TYPE

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, *, code: str = "", **members: Any
    ) -> None:
        super().__init__(_problem(status, detail, code) | members, status, headers)


def invalid(errors: Sequence[Mapping[str, Any]]) -> ProblemResponse:
    """The response to validation errors in the form of Pydantic; without the input, which may be a password."""
    found = [{"field": _field(each), "code": each["type"], "message": _message(each)} for each in errors[:MAX_ERRORS]]
    return ProblemResponse(422, "The request failed validation", code="invalid", errors=found)


async def send_error(send: Send, status: int, detail: str, headers: Headers = (), *, code: str = "") -> None:
    """Send a complete response with problem details from plain ASGI code."""
    body = json.dumps(_problem(status, detail, code)).encode()
    own = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})


def _problem(status: int, detail: str, code: str) -> dict[str, Any]:
    title = TITLES.get(status) or HTTPStatus(status).phrase
    code = code or title.lower().replace(" ", "_")
    problem = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    return {**problem, "trace_id": trace.trace_id} if (trace := tracing.current()) else problem


def _field(error: Mapping[str, Any]) -> str:
    """The path of the value without the part of the request; JSON that cannot be parsed only has a position."""
    part, *path = error["loc"]
    return ".".join(map(str, path)) if path and error["type"] != "json_invalid" else str(part)


def _message(error: Mapping[str, Any]) -> str:
    """The message for people: without Pydantic's own terms."""
    message = MESSAGES.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return re.sub(r"^(?:\w+ )?(?:Should|should) (?=be |have |match )", "Must ", message[:1].upper() + message[1:])
