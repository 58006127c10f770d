"""The projects service's routes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from projects.repository import MemberRow, ProjectRow, Repository
from projects.schemas import (
    MemberChange,
    MemberOut,
    MemberPage,
    NewMember,
    NewProject,
    ProjectChange,
    ProjectOut,
    ProjectPage,
)
from projects.service import ConflictError, ForbiddenError, NotFoundError, ProjectService
from shared.database.models import Role
from shared.database.session import DatabaseSession
from shared.pagination import Cursor, Limit, read_cursor
from shared.security.authentication import Caller

router = APIRouter(prefix="/api/projects", tags=["projects"])


def get_service(caller: Caller, database: DatabaseSession) -> ProjectService:
    """Dependency: the service, for the caller and in this request's transaction."""
    return ProjectService(Repository(database), caller.user_id)


Service = Annotated[ProjectService, Depends(get_service)]
After = Annotated[Cursor | None, Depends(read_cursor)]


@router.post("", status_code=201)
async def create(project: NewProject, service: Service) -> ProjectOut:
    """Create a project that the caller owns."""
    return project_out(await service.create(project.name, project.description))


@router.get("")
async def list_projects(service: Service, after: After, limit: Limit = 20) -> ProjectPage:
    """The projects that the caller is a member of, the one joined last first."""
    rows = await service.list_mine(after, limit + 1)
    last = rows[limit - 1].membership if len(rows) > limit else None
    place = Cursor(last.created_at, last.project_id) if last else None
    return ProjectPage(items=[project_out(row) for row in rows[:limit]], next=str(place) if place else None)


@router.get("/{project_id}")
async def read(project_id: UUID, service: Service) -> ProjectOut:
    """A project."""
    return project_out(await service.read(project_id))


@router.patch("/{project_id}")
async def change(project_id: UUID, body: ProjectChange, service: Service) -> ProjectOut:
    """Change a project; for editors and owners."""
    return project_out(await service.change(project_id, body))


@router.delete("/{project_id}", status_code=204)
async def delete(project_id: UUID, service: Service) -> None:
    """Delete a project; for owners."""
    await service.delete(project_id)


@router.get("/{project_id}/members")
async def list_members(project_id: UUID, service: Service, after: After, limit: Limit = 20) -> MemberPage:
    """The members of a project, the one who joined first first."""
    rows = await service.members(project_id, after, limit + 1)
    last = rows[limit - 1].membership if len(rows) > limit else None
    place = Cursor(last.created_at, last.user_id) if last else None
    return MemberPage(items=[member_out(row) for row in rows[:limit]], next=str(place) if place else None)


@router.post("/{project_id}/members", status_code=201)
async def add_member(project_id: UUID, member: NewMember, service: Service) -> MemberOut:
    """Give a registered user a role in the project; for owners."""
    return member_out(await service.add_member(project_id, member.email, member.role))


@router.patch("/{project_id}/members/{user_id}")
async def change_member(project_id: UUID, user_id: UUID, body: MemberChange, service: Service) -> MemberOut:
    """Give a member another role; for owners."""
    return member_out(await service.change_member(project_id, user_id, body.role))


@router.delete("/{project_id}/members/{user_id}", status_code=204)
async def remove_member(project_id: UUID, user_id: UUID, service: Service) -> None:
    """Remove a member, for owners; or leave the project."""
    await service.remove_member(project_id, user_id)


def project_out(row: ProjectRow) -> ProjectOut:
    """A project as the API shows it."""
    project = row.project
    return ProjectOut(
        id=project.id,
        name=project.name,
        description=project.description,
        role=Role(row.membership.role),
        created_at=project.created_at,
        updated_at=project.updated_at,
    )


def member_out(row: MemberRow) -> MemberOut:
    """A member as the API shows them."""
    return MemberOut(
        user_id=row.user.id,
        email=row.user.email,
        name=row.user.name,
        role=Role(row.membership.role),
        created_at=row.membership.created_at,
    )


def refused(_request: Request, error: Exception) -> JSONResponse:
    """The answer to what the rules refuse."""
    match error:
        case NotFoundError():
            return JSONResponse({"detail": "Not found"}, 404)
        case ForbiddenError():
            return JSONResponse({"detail": "Your role in this project does not allow this"}, 403)
        case _:
            return JSONResponse({"detail": str(error)}, 409)


REFUSALS = (NotFoundError, ForbiddenError, ConflictError)
