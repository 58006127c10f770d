"""What the auth service takes and gives."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, SecretStr, StringConstraints

Email = Annotated[EmailStr, AfterValidator(str.lower)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class Registration(BaseModel):
    """A new user."""

    email: Email
    name: Name
    password: SecretStr = Field(min_length=12, max_length=256)


class Credentials(BaseModel):
    """What a user logs in with."""

    email: Email
    password: SecretStr = Field(max_length=256)


class RefreshRequest(BaseModel):
    """The newest refresh token of a session."""

    refresh_token: SecretStr = Field(max_length=256)


class UserOut(BaseModel):
    """A user as others see them."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    name: str


class Tokens(BaseModel):
    """An access token for requests, and a refresh token, good for one use, to get the next pair with."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int


class Jwks(BaseModel):
    """Public keys, as in RFC 7517."""

    keys: list[dict[str, str]]
