"""What the auth service takes and gives."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, SecretStr, StringConstraints

Email = Annotated[EmailStr, AfterValidator(str.lower)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
LONGEST_SECRET = 256
SHORTEST_PASSWORD = 12


def _check_secret(secret: SecretStr) -> SecretStr:
    """Refuses what cannot be hashed: JSON can escape half of a surrogate pair, which no encoding has."""
    text = secret.get_secret_value()
    if len(text) > LONGEST_SECRET:
        raise ValueError(f"should have at most {LONGEST_SECRET} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("should be text") from None
    return secret


def _check_new_password(password: SecretStr) -> SecretStr:
    if len(password.get_secret_value()) < SHORTEST_PASSWORD:
        raise ValueError(f"should have at least {SHORTEST_PASSWORD} characters")
    return password


Secret = Annotated[SecretStr, AfterValidator(_check_secret)]
NewPassword = Annotated[Secret, AfterValidator(_check_new_password)]


class Registration(BaseModel):
    """A new user."""

    email: Email
    name: Name
    password: NewPassword


class Credentials(BaseModel):
    """What a user logs in with."""

    email: Email
    password: Secret


class RefreshRequest(BaseModel):
    """The newest refresh token of a session."""

    refresh_token: Secret


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
    token_type: Literal["Bearer"] = Field(default="Bearer")
    expires_in: int


class Jwks(BaseModel):
    """Public keys, as in RFC 7517."""

    keys: list[dict[str, str]]
