"""Base class and common field types of request and response models."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, StringConstraints, model_validator

# An error for each of thousands of unknown fields would take a second and much memory.
MAX_UNKNOWN_FIELDS = 30
# PostgreSQL text cannot hold NUL characters.
NO_NUL = r"^[^\x00]*$"

Email = Annotated[EmailStr, AfterValidator(str.lower), Field(examples=["ada@example.com"])]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)]


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
