"""Base class and common field types of request and response models."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

# An error for each of thousands of unknown fields would take a second and much memory.
MAX_UNKNOWN_FIELDS = 30
# PostgreSQL text cannot hold NUL characters.
NO_NUL = r"^[^\x00]*$"
MAX_SECRET_LENGTH = 256

Email = Annotated[EmailStr, AfterValidator(str.lower), Field(examples=["ada@example.com"])]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)]


def _check_secret(secret: SecretStr) -> SecretStr:
    """Reject text that cannot be encoded: JSON can escape a lone surrogate, which UTF-8 cannot represent."""
    text = secret.get_secret_value()
    if len(text) > MAX_SECRET_LENGTH:
        raise PydanticCustomError(
            "string_too_long", "should have at most {max_length} characters", {"max_length": MAX_SECRET_LENGTH}
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("should be text") from None
    return secret


# The validators check the lengths themselves: Pydantic would call the characters of a secret "items".
Secret = Annotated[SecretStr, AfterValidator(_check_secret), Field(json_schema_extra={"maxLength": MAX_SECRET_LENGTH})]


class Schema(BaseModel):
    """Base of the models: the docstring of a field is its OpenAPI description; errors do not contain values."""

    model_config = ConfigDict(use_attribute_docstrings=True, hide_input_in_errors=True)


class StrictSchema(Schema):
    """Base of request models that have no other fields than their own."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _limit_fields(cls, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > len(cls.model_fields) + MAX_UNKNOWN_FIELDS:
            raise ValueError("has too many fields")
        return data


class LinkToken(Schema):
    """The token of a mailed link."""

    token: Secret
    """The token, which works once."""
