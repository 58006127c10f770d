"""What the projects service takes and gives."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, StringConstraints, model_validator

from shared.database.models import Role

# PostgreSQL's text cannot hold NUL.
NO_NUL = r"^[^\x00]*$"

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)]
Description = Annotated[str, StringConstraints(max_length=10_000, pattern=NO_NUL)]


class NewProject(BaseModel):
    """A project to create."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    description: Description = ""


class ProjectChange(BaseModel):
    """What to change of a project; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: Description | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.name is None and self.description is None:
            raise ValueError("name or description is needed")
        return self


class ProjectOut(BaseModel):
    """A project, and the caller's role in it."""

    id: UUID
    name: str
    description: str
    role: Role
    created_at: datetime
    updated_at: datetime


class ProjectPage(BaseModel):
    """Some of the caller's projects, newest first; `next` is the cursor of the next page, if there is one."""

    items: list[ProjectOut]
    next: str | None


class NewMember(BaseModel):
    """A user to add to a project."""

    email: Annotated[EmailStr, AfterValidator(str.lower)]
    role: Role


class MemberChange(BaseModel):
    """A member's new role."""

    role: Role


class MemberOut(BaseModel):
    """A user in a project."""

    user_id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime


class MemberPage(BaseModel):
    """Some of a project's members, oldest first; `next` is the cursor of the next page, if there is one."""

    items: list[MemberOut]
    next: str | None
