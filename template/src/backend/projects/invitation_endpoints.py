"""Routes of invitations to projects."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response

from projects.endpoints import FORBIDDEN, PROJECT_NOT_FOUND, PageCursor, ProjectId, Service
from projects.invitation_repository import InvitationRepository, InvitationRow
from projects.invitations import InvitationService, find_invitation
from projects.schemas import (
    InvitationOut,
    InvitationPage,
    MemberInvitation,
    PendingInvitationOut,
    PendingInvitationPage,
    ProjectOut,
)
from shared.database.models import Role
from shared.database.session import DatabaseSession
from shared.error_responses import INVALID, RATE_LIMITED_HEADERS, UNAUTHORIZED, UNAVAILABLE, describe
from shared.mail import NO_MAIL, require_mail
from shared.pagination import Cursor, Limit
from shared.rate_limits import SharedLimiter
from shared.schemas import LinkToken
from shared.security.authentication import CurrentClaims

router = APIRouter(tags=["projects"])

ALREADY_MEMBER = describe(409, "The user with this email address is already a member.")
NOT_FOUND = describe(404, "The current user's email address has no invitation with this ID.")
NOT_PENDING = describe(404, "The project has no invitation with this ID, or the current user is not a member.")
RATE_LIMITED = describe(
    429, "Too many invitations of this email address or by the current user.", headers=RATE_LIMITED_HEADERS
)


def get_invitations(claims: CurrentClaims, database: DatabaseSession, projects: Service) -> InvitationService:
    """Dependency: the service, for the current user and in the transaction of the request."""
    return InvitationService(InvitationRepository(database), projects, claims.user_id)


async def limit_invitations(invitation: MemberInvitation, claims: CurrentClaims, request: Request) -> None:
    """Dependency: count an invitation of an address and by the current user; raises RateLimitedError."""
    by_user: SharedLimiter = request.app.state.invitation_limiter
    to_address: SharedLimiter = request.app.state.mail_limiter
    await by_user.require("invitations-user", str(claims.user_id))
    await to_address.require("invitation-mail", invitation.email)


Invitations = Annotated[InvitationService, Depends(get_invitations)]
InvitationId = Annotated[UUID, Path(description="The ID of the invitation.")]


@router.post(
    "/api/projects/{project_id}/members",
    status_code=202,
    response_class=Response,
    dependencies=[Depends(require_mail), Depends(limit_invitations)],
    responses=UNAUTHORIZED
    | FORBIDDEN
    | PROJECT_NOT_FOUND
    | ALREADY_MEMBER
    | NO_MAIL
    | RATE_LIMITED
    | INVALID
    | UNAVAILABLE,
)
async def invite_member(project_id: ProjectId, invitation: MemberInvitation, invitations: Invitations) -> None:
    """Invite an email address to a project, which gets a link by mail. Requires the role owner.

    The response is the same whether the address is registered or not. A second invitation replaces the first.
    """
    await invitations.invite(project_id, invitation.email, invitation.role)


@router.get(
    "/api/projects/{project_id}/invitations",
    responses=UNAUTHORIZED | FORBIDDEN | PROJECT_NOT_FOUND | INVALID | UNAVAILABLE,
)
async def list_invitations(
    project_id: ProjectId, invitations: Invitations, after: PageCursor, limit: Limit = 20
) -> PendingInvitationPage:
    """The invitations to a project that were not answered yet, oldest first. Requires the role owner."""
    rows = await invitations.list_of_project(project_id, after, limit + 1)
    return PendingInvitationPage(items=[pending_out(each) for each in rows[:limit]], next=cursor_of(rows, limit))


@router.delete(
    "/api/projects/{project_id}/invitations/{invitation_id}",
    status_code=204,
    responses=UNAUTHORIZED | FORBIDDEN | NOT_PENDING | INVALID | UNAVAILABLE,
)
async def withdraw_invitation(project_id: ProjectId, invitation_id: InvitationId, invitations: Invitations) -> None:
    """Withdraw an invitation to a project, whose link stops working. Requires the role owner."""
    await invitations.withdraw(project_id, invitation_id)


@router.get("/api/invitations", responses=UNAUTHORIZED | INVALID | UNAVAILABLE)
async def list_own_invitations(invitations: Invitations, after: PageCursor, limit: Limit = 20) -> InvitationPage:
    """The invitations of the current user's email address, oldest first."""
    rows = await invitations.list_own(after, limit + 1)
    return InvitationPage(items=[invitation_out(each) for each in rows[:limit]], next=cursor_of(rows, limit))


@router.post("/api/invitations/open", responses=INVALID | UNAVAILABLE)
async def open_invitation(body: LinkToken, database: DatabaseSession) -> InvitationOut:
    """The invitation of a mailed link, which somebody without an account sees too; this changes nothing."""
    return invitation_out(await find_invitation(InvitationRepository(database), body.token.get_secret_value()))


@router.post("/api/invitations/{invitation_id}/accept", responses=UNAUTHORIZED | NOT_FOUND | INVALID | UNAVAILABLE)
async def accept_invitation(invitation_id: InvitationId, invitations: Invitations) -> ProjectOut:
    """Become a member of the project. Only the user with the invited email address can accept."""
    return await invitations.accept(invitation_id)


@router.post(
    "/api/invitations/{invitation_id}/decline",
    status_code=204,
    responses=UNAUTHORIZED | NOT_FOUND | INVALID | UNAVAILABLE,
)
async def decline_invitation(invitation_id: InvitationId, invitations: Invitations) -> None:
    """Decline an invitation of the current user's email address."""
    await invitations.decline(invitation_id)


def cursor_of(rows: Sequence[InvitationRow], limit: int) -> str | None:
    """The cursor of the next page; `rows` has one more than `limit` if there is one."""
    last = rows[limit - 1].invitation if len(rows) > limit else None
    return str(Cursor(last.created_at, last.id)) if last else None


def invitation_out(row: InvitationRow) -> InvitationOut:
    """The response model of an invitation for its receiver."""
    invitation, project, inviter = row
    return InvitationOut(
        id=invitation.id,
        project=project.name,
        role=Role(invitation.role),
        invited_by=inviter.name,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


def pending_out(row: InvitationRow) -> PendingInvitationOut:
    """The response model of an invitation for owners of the project."""
    invitation, _, inviter = row
    return PendingInvitationOut(
        id=invitation.id,
        email=invitation.email,
        role=Role(invitation.role),
        invited_by=inviter.name,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )
