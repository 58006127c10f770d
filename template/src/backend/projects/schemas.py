"""Request and response models of the projects service."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from shared.database.models import Membership, Project, Role
from shared.schemas import NO_NUL, Email, Name, Schema, StrictSchema

Description = Annotated[str, StringConstraints(max_length=10_000, pattern=NO_NUL)]


class ProjectCreate(StrictSchema):
    """A project to create."""

    name: Annotated[Name, Field(examples=["Apollo"])]
    """The name."""

    description: Annotated[Description, Field(examples=["To the Moon and back."])] = ""
    """The description."""


class ProjectUpdate(StrictSchema):
    """Changes to a project; at least one field is required, and omitted fields stay unchanged."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    name: Name | None = None
    """The new name."""

    description: Description | None = None
    """The new description."""

    @model_validator(mode="after")
    def _require_a_field(self) -> Self:
        if self.name is None and self.description is None:
            raise ValueError("name or description is required")
        return self


class ProjectOut(Schema):
    """A project."""

    id: UUID
    """The ID of the project."""

    name: str
    """The name."""

    description: str
    """The description; may be empty."""

    role: Role
    """The current user's role in the project."""

    created_at: datetime
    """When the project was created."""

    updated_at: datetime
    """When the name or description last changed."""

    @classmethod
    def of(cls, project: Project, membership: Membership) -> Self:
        """The project as its member gets it."""
        return cls(
            id=project.id,
            name=project.name,
            description=project.description,
            role=Role(membership.role),
            created_at=project.created_at,
            updated_at=project.updated_at,
        )


class ProjectPage(Schema):
    """A page of projects."""

    items: list[ProjectOut]
    """Projects, newest membership first."""

    next: str | None
    """The cursor of the next page; null on the last page."""


class Actor(Schema):
    """A user who has done something."""

    id: UUID
    """The ID of the user."""

    email: str | None
    """The email address; null if the user was deleted."""

    name: str | None
    """The name; null if the user was deleted."""


class EventOut(Schema):
    """An audit event: who did what, when and from where."""

    id: UUID
    """The ID of the event."""

    created_at: datetime
    """When it happened."""

    action: str = Field(examples=["member.add"])
    """What happened."""

    actor: Actor | None
    """Who did it; null if it was not a user."""

    address: str | None = Field(examples=["203.0.113.7"])
    """The IP address of the request."""

    device: str | None = Field(examples=["Firefox on Linux"])
    """The browser and the operating system, or the program, of the request."""

    request_id: str | None
    """The ID of the request, as in logs and in the response header `X-Request-ID`."""

    details: dict[str, Any]
    """More about the action, such as the role of a new member."""


class EventPage(Schema):
    """A page of audit events."""

    items: list[EventOut]
    """Events, newest first."""

    next: str | None
    """The cursor of the next page; null on the last page."""


class MemberInvitation(Schema):
    """An email address to invite to a project."""

    email: Email
    """The email address, in any case."""

    role: Role
    """The role of the new member."""


class InvitationBase(Schema):
    """What receivers and senders of an invitation see."""

    id: UUID
    """The ID of the invitation."""

    role: Role
    """The role of the new member."""

    invited_by: str
    """The name of the owner of the project who sent it."""

    created_at: datetime
    """When it was sent."""

    expires_at: datetime
    """When it expires."""


class InvitationOut(InvitationBase):
    """An invitation for its receiver."""

    project: str
    """The name of the project."""


class InvitationPage(Schema):
    """A page of invitations."""

    items: list[InvitationOut]
    """Invitations, oldest first."""

    next: str | None
    """The cursor of the next page; null on the last page."""


class PendingInvitationOut(InvitationBase):
    """An invitation for owners of the project."""

    email: str
    """The invited email address."""


class PendingInvitationPage(Schema):
    """A page of invitations to a project."""

    items: list[PendingInvitationOut]
    """Invitations, oldest first."""

    next: str | None
    """The cursor of the next page; null on the last page."""


class MemberUpdate(Schema):
    """Changes to a member."""

    role: Role
    """The new role."""


class MemberOut(Schema):
    """A member of a project."""

    user_id: UUID
    """The ID of the user."""

    email: str
    """The email address of the user."""

    name: str
    """The name of the user."""

    role: Role
    """The role in the project."""

    created_at: datetime
    """When the user became a member."""


class AuditExportOut(Schema):
    """An export of the audit events of a project."""

    created_at: datetime
    """When it was requested; it is deleted about a day later."""

    finished_at: datetime | None
    """When it was written; null until it can be downloaded."""

    events: int | None
    """The number of events; null until it can be downloaded."""

    size: int | None
    """The number of bytes; null until it can be downloaded."""


class MemberPage(Schema):
    """A page of members."""

    items: list[MemberOut]
    """Members, oldest first."""

    next: str | None
    """The cursor of the next page; null on the last page."""
