"""Routes of the projects service."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from projects.repository import MemberRow, Repository, read_export
from projects.schemas import (
    Actor,
    AuditExportOut,
    EventOut,
    EventPage,
    MemberOut,
    MemberPage,
    MemberUpdate,
    ProjectCreate,
    ProjectOut,
    ProjectPage,
    ProjectUpdate,
)
from projects.service import ConflictError, ForbiddenError, InvalidLinkError, NotFoundError, ProjectService
from shared.database.models import AuditEvent, AuditExport, Role, User
from shared.database.session import DatabaseSession
from shared.error_responses import INVALID, UNAUTHORIZED, UNAVAILABLE, ProblemResponse, describe, invalid
from shared.pagination import Cursor, Limit, read_cursor
from shared.rate_limits import DETAIL, RateLimitedError
from shared.request_id import device_name
from shared.schemas import NO_NUL
from shared.security.authentication import CurrentClaims

router = APIRouter(prefix="/api/projects", tags=["projects"])

FORBIDDEN = describe(403, "The current user's role does not allow this.")
PROJECT_NOT_FOUND = describe(404, "The project does not exist, or the current user is not a member.")
MEMBER_NOT_FOUND = describe(404, "The project or the member does not exist, or the current user is not a member.")
EXPORT_NOT_FOUND = describe(404, "There is no such project or export, or the current user is not a member.")
EXPORT_NOT_FINISHED = describe(409, "The export is not finished.")
GZIP = "application/gzip"
EXPORT_FILE = {200: {"description": "Events, oldest first, in lines of JSON.", "content": {GZIP: {}}}}
LAST_OWNER = describe(409, "The member is the last owner.")


def get_service(claims: CurrentClaims, database: DatabaseSession) -> ProjectService:
    """Dependency: the service, for the current user and in the transaction of the request."""
    return ProjectService(Repository(database), claims.user_id)


Service = Annotated[ProjectService, Depends(get_service)]
PageCursor = Annotated[Cursor | None, Depends(read_cursor)]
ProjectId = Annotated[UUID, Path(description="The ID of the project.")]
Search = Annotated[
    str, Query(max_length=200, pattern=NO_NUL, description="A part of the name, in any case; empty for all projects.")
]
MemberId = Annotated[UUID, Path(description="The user ID of the member.")]


@router.post("", status_code=201, responses=UNAUTHORIZED | INVALID | UNAVAILABLE)
async def create_project(project: ProjectCreate, service: Service) -> ProjectOut:
    """Create a project; the current user becomes its owner."""
    return ProjectOut.of(*await service.create_project(project.name, project.description))


@router.get("", responses=UNAUTHORIZED | INVALID | UNAVAILABLE)
async def list_projects(service: Service, after: PageCursor, limit: Limit = 20, search: Search = "") -> ProjectPage:
    """The projects of the current user, newest membership first."""
    rows = await service.list_projects(search.strip(), after, limit + 1)
    last = rows[limit - 1].membership if len(rows) > limit else None
    cursor = Cursor(last.created_at, last.project_id) if last else None
    return ProjectPage(items=[ProjectOut.of(*row) for row in rows[:limit]], next=str(cursor) if cursor else None)


@router.get("/{project_id}", responses=UNAUTHORIZED | PROJECT_NOT_FOUND | INVALID | UNAVAILABLE)
async def get_project(project_id: ProjectId, service: Service) -> ProjectOut:
    """A project."""
    return await service.get_project(project_id)


@router.patch("/{project_id}", responses=UNAUTHORIZED | FORBIDDEN | PROJECT_NOT_FOUND | INVALID | UNAVAILABLE)
async def update_project(project_id: ProjectId, changes: ProjectUpdate, service: Service) -> ProjectOut:
    """Change a project. Requires the role editor or owner."""
    return ProjectOut.of(*await service.update_project(project_id, changes))


@router.delete(
    "/{project_id}", status_code=204, responses=UNAUTHORIZED | FORBIDDEN | PROJECT_NOT_FOUND | INVALID | UNAVAILABLE
)
async def delete_project(project_id: ProjectId, service: Service) -> None:
    """Delete a project. Requires the role owner."""
    await service.delete_project(project_id)


@router.get("/{project_id}/events", responses=UNAUTHORIZED | FORBIDDEN | PROJECT_NOT_FOUND | INVALID | UNAVAILABLE)
async def list_events(project_id: ProjectId, service: Service, after: PageCursor, limit: Limit = 20) -> EventPage:
    """The audit events of a project and its members, newest first. Requires the role owner."""
    events, actors = await service.list_events(project_id, after, limit + 1)
    last = events[limit - 1] if len(events) > limit else None
    cursor = Cursor(last.created_at, last.id) if last else None
    return EventPage(items=[event_out(each, actors) for each in events[:limit]], next=str(cursor) if cursor else None)


@router.get("/{project_id}/members", responses=UNAUTHORIZED | PROJECT_NOT_FOUND | INVALID | UNAVAILABLE)
async def list_members(project_id: ProjectId, service: Service, after: PageCursor, limit: Limit = 20) -> MemberPage:
    """The members of a project, oldest first."""
    rows = await service.list_members(project_id, after, limit + 1)
    last = rows[limit - 1].membership if len(rows) > limit else None
    cursor = Cursor(last.created_at, last.user_id) if last else None
    return MemberPage(items=[member_out(row) for row in rows[:limit]], next=str(cursor) if cursor else None)


@router.patch(
    "/{project_id}/members/{user_id}",
    responses=UNAUTHORIZED | FORBIDDEN | MEMBER_NOT_FOUND | LAST_OWNER | INVALID | UNAVAILABLE,
)
async def update_member(project_id: ProjectId, user_id: MemberId, changes: MemberUpdate, service: Service) -> MemberOut:
    """Change the role of a member. Requires the role owner."""
    return member_out(await service.update_member(project_id, user_id, changes.role))


@router.delete(
    "/{project_id}/members/{user_id}",
    status_code=204,
    responses=UNAUTHORIZED | FORBIDDEN | MEMBER_NOT_FOUND | LAST_OWNER | INVALID | UNAVAILABLE,
)
async def remove_member(project_id: ProjectId, user_id: MemberId, service: Service) -> None:
    """Remove a member. Requires the role owner, except to leave the project."""
    await service.remove_member(project_id, user_id)


@router.post(
    "/{project_id}/audit-export",
    status_code=202,
    response_model=AuditExportOut,
    responses=UNAUTHORIZED | FORBIDDEN | PROJECT_NOT_FOUND | INVALID | UNAVAILABLE,
)
async def request_audit_export(project_id: ProjectId, service: Service) -> AuditExport:
    """Request an export of the audit events of a project, in place of the last one. Requires the role owner."""
    return await service.request_export(project_id)


@router.get(
    "/{project_id}/audit-export",
    response_model=AuditExportOut,
    responses=UNAUTHORIZED | FORBIDDEN | EXPORT_NOT_FOUND | INVALID | UNAVAILABLE,
)
async def get_audit_export(project_id: ProjectId, service: Service) -> AuditExport:
    """The last export of the audit events of a project. Requires the role owner."""
    return await service.get_export(project_id)


@router.get(
    "/{project_id}/audit-export/file",
    response_class=Response,
    responses=EXPORT_FILE | UNAUTHORIZED | FORBIDDEN | EXPORT_NOT_FOUND | EXPORT_NOT_FINISHED | INVALID | UNAVAILABLE,
)
async def download_audit_export(project_id: ProjectId, service: Service, request: Request) -> StreamingResponse:
    """Download the last export of the audit events of a project. Requires the role owner."""
    export = await service.get_finished_export(project_id)
    headers = {
        "Content-Disposition": 'attachment; filename="audit-events.ndjson.gz"',
        "Content-Length": str(export.size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(read_export(request.app.state.engine, export.id), headers=headers, media_type=GZIP)


def member_out(row: MemberRow) -> MemberOut:
    """The response model of a member."""
    return MemberOut(
        user_id=row.user.id,
        email=row.user.email,
        name=row.user.name,
        role=Role(row.membership.role),
        created_at=row.membership.created_at,
    )


def event_out(event: AuditEvent, users: Mapping[UUID, User]) -> EventOut:
    """The response model of an audit event; `users` has its actor, unless deleted."""
    user = users.get(event.actor_id) if event.actor_id else None
    email, name = (user.email, user.name) if user else (None, None)
    return EventOut(
        id=event.id,
        created_at=event.created_at,
        action=event.action,
        actor=Actor(id=event.actor_id, email=email, name=name) if event.actor_id else None,
        address=str(event.client) if event.client else None,
        device=device_name(event.user_agent),
        request_id=event.request_id,
        details=event.details,
    )


def handle_error(_request: Request, error: Exception) -> ProblemResponse:
    """Exception handler: the response to an error of the service."""
    match error:
        case NotFoundError():
            return ProblemResponse(404, "Nothing with this ID exists, or you are not a member")
        case ForbiddenError():
            return ProblemResponse(403, "Your role in this project does not allow this")
        case RateLimitedError():
            return ProblemResponse(429, DETAIL, error.usage.headers())
        case InvalidLinkError():
            message = "is of a link that has expired, was used, withdrawn or replaced; see your invitations"
            return invalid([{"type": "link_invalid", "loc": ("body", "token"), "msg": message}])
        case _:
            return ProblemResponse(409, str(error), code=getattr(error, "code", ""))


HANDLED_ERRORS = (NotFoundError, ForbiddenError, ConflictError, RateLimitedError, InvalidLinkError)
