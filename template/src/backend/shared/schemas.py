"""Base class and common field types of request and response models."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, StringConstraints

# PostgreSQL text cannot hold NUL characters.
NO_NUL = r"^[^\x00]*$"

Email = Annotated[EmailStr, AfterValidator(str.lower), Field(examples=["ada@example.com"])]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)]


class Schema(BaseModel):
    """Base of the models: the docstring of a field is its description in the OpenAPI document."""

    model_config = ConfigDict(use_attribute_docstrings=True)
