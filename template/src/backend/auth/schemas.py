"""Request and response models of the auth service."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from auth.password_rules import prepare
from shared.error_responses import Problem
from shared.schemas import MAX_SECRET_LENGTH, Email, LinkToken, Name, Schema, Secret, StrictSchema

MIN_PASSWORD_LENGTH = 12


def _prepare(password: SecretStr) -> SecretStr:
    """The prepared password; unprepared if that is impossible, as no new password is then accepted."""
    with suppress(ValueError):
        return SecretStr(prepare(password.get_secret_value()))
    return password


def _check_new_password(password: SecretStr) -> SecretStr:
    try:
        password = SecretStr(prepare(password.get_secret_value()))
    except ValueError:
        raise ValueError("should have no control or invisible characters") from None
    if len(password.get_secret_value()) < MIN_PASSWORD_LENGTH:
        raise PydanticCustomError(
            "string_too_short", "should have at least {min_length} characters", {"min_length": MIN_PASSWORD_LENGTH}
        )
    return password


Password = Annotated[Secret, AfterValidator(_prepare)]
NewPassword = Annotated[
    Secret,
    AfterValidator(_check_new_password),
    Field(json_schema_extra={"minLength": MIN_PASSWORD_LENGTH, "maxLength": MAX_SECRET_LENGTH}),
]


class Registration(Schema):
    """A user to create."""

    email: Email
    """The email address; unique, compared without case."""

    name: Annotated[Name, Field(examples=["Ada Lovelace"])]
    """The name shown to other users."""

    password: Annotated[NewPassword, Field(examples=["correct horse battery staple"])]
    """The password."""


class Credentials(Schema):
    """The credentials of a user."""

    email: Email
    """The email address, in any case."""

    password: Annotated[Password, Field(examples=["correct horse battery staple"])]
    """The password."""


class EmailRequest(Schema):
    """An email address that gets a mail, if it has a reason for it."""

    email: Email
    """The email address, in any case."""


class Verification(LinkToken):
    """The end of a registration."""

    password: Annotated[Password, Field(examples=["correct horse battery staple"])]
    """The password of the registration."""


class PasswordReset(LinkToken):
    """A new password after the old one was forgotten."""

    new_password: Annotated[NewPassword, Field(examples=["a sentence of rare terms"])]
    """The new password; neither a common one nor the user's name or address."""


class EmailChange(Schema):
    """A new email address of the current user."""

    password: Annotated[Password, Field(examples=["correct horse battery staple"])]
    """The current password."""

    email: Email
    """The new email address."""


class UserUpdate(StrictSchema):
    """Changes to the current user."""

    name: Annotated[Name, Field(examples=["Ada King"])]
    """The new name."""


class PasswordChange(Schema):
    """A new password."""

    password: Annotated[Password, Field(examples=["correct horse battery staple"])]
    """The current password."""

    new_password: Annotated[NewPassword, Field(examples=["several long and rare nouns"])]
    """The new password; neither a common one nor the user's name or address."""


class AccountDeletion(Schema):
    """The deletion of the current user."""

    password: Annotated[Password, Field(examples=["correct horse battery staple"])]
    """The current password."""

    delete_projects: bool = False
    """Whether to delete the projects, with their members, that nobody else owns."""


class RefreshRequest(Schema):
    """A refresh token to exchange."""

    refresh_token: Secret
    """The latest refresh token of the session."""


class UserOut(Schema):
    """A user."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    """The ID of the user."""

    email: str
    """The email address, in lower case."""

    name: str
    """The name shown to other users."""


class SessionOut(Schema):
    """A session of the current user."""

    id: UUID
    """The ID of the session."""

    device: str | None = Field(examples=["Firefox on Linux"])
    """The browser and the operating system, or the program, of the last log-in or refresh."""

    address: str | None = Field(examples=["203.0.113.7"])
    """The IP address of the last log-in or refresh."""

    created_at: datetime
    """When the user logged in."""

    refreshed_at: datetime
    """When the tokens were last refreshed."""

    expires_at: datetime
    """When the session ends unless it is refreshed."""

    is_current: bool
    """Whether this is the session of the request."""


class SessionList(Schema):
    """The active sessions of the current user."""

    items: list[SessionOut]
    """Sessions, latest refresh first."""


class UnownedProject(Schema):
    """A project that nobody else owns."""

    id: UUID
    """The ID of the project."""

    name: str
    """The name."""


class UnownedProjectsProblem(Problem):
    """Projects would have no owner."""

    projects: list[UnownedProject]
    """These projects; at most 100."""


class Tokens(Schema):
    """An access token and a refresh token."""

    access_token: str
    """A JWT for the `Authorization: Bearer` header of requests."""

    refresh_token: str
    """The token that is exchanged for new tokens; it can be used once."""

    token_type: Literal["Bearer"] = Field(default="Bearer")
    """The authentication scheme of the access token."""

    expires_in: int
    """Seconds until the access token expires."""


class Jwks(Schema):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, str]]
    """The public keys."""
