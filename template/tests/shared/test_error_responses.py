import json
from typing import Annotated, Any

import httpx
import pytest
from pydantic import Field, TypeAdapter, ValidationError

from auth.schemas import Registration
from projects.schemas import MemberInvitation, ProjectUpdate
from shared.error_responses import MAX_ERRORS, invalid

REGISTRATION = {"email": "ada@example.org", "name": "Ada", "password": "correct horse battery staple"}
REQUIRED = "This value is required"
ROLES = "Must be 'viewer', 'editor' or 'owner'"


def errors_of(kind: Any, value: object) -> Any:
    """The errors in the response to a body with this value."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    errors = [{**each, "loc": ("body", *each["loc"])} for each in caught.value.errors()]
    return json.loads(bytes(invalid(errors).body))["errors"]


@pytest.mark.parametrize(
    ("kind", "value", "field", "code", "message"),
    [
        (Registration, REGISTRATION | {"password": "short"}, "password", "string_too_short", "Must have at least 12 "),
        (Registration, REGISTRATION | {"password": "x" * 257}, "password", "string_too_long", "Must have at most 256 "),
        (Registration, REGISTRATION | {"email": "ada"}, "email", "value_error", "Value is not a valid email address: "),
        (Registration, REGISTRATION | {"name": ""}, "name", "string_too_short", "Must have at least 1 character"),
        (Registration, REGISTRATION | {"name": "\0"}, "name", "string_pattern_mismatch", "Has characters that are not"),
        (Registration, [], "body", "model_type", "Must be an object"),
        (MemberInvitation, {"role": "owner"}, "email", "missing", REQUIRED),
        (MemberInvitation, {"email": "a@example.org", "role": "king"}, "role", "enum", ROLES),
        (ProjectUpdate, {}, "body", "value_error", "Name"),
        (ProjectUpdate, {"name": "x", "title": 1}, "title", "extra_forbidden", "This field does not exist"),
        (list[Registration], [REGISTRATION | {"name": 1}], "0.name", "string_type", "Must be text"),
        (dict[str, Annotated[int, Field(le=9)]], {"limit": 10}, "limit", "less_than_equal", "Must be less than or"),
    ],
)
def test_validation_errors_name_the_field_and_are_fit_for_people(
    kind: Any, value: object, field: str, code: str, message: str
) -> None:
    [error] = errors_of(kind, value)
    assert (error["field"], error["code"]) == (field, code)
    assert error["message"].startswith(message)


def test_at_most_32_errors_are_reported() -> None:
    assert len(errors_of(list[MemberInvitation], [{}] * 100)) == MAX_ERRORS


async def test_invalid_json_is_an_error_of_the_body(auth: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    response = await auth.post("/api/auth/login", content=b'{"email": ', headers=headers)
    [error] = response.json()["errors"]
    assert error == {"field": "body", "code": "json_invalid", "message": "The body is not valid JSON"}
