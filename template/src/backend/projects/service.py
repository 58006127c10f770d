"""The rules of projects: who may see, change and share them."""

from collections.abc import Sequence
from uuid import UUID

from projects.repository import MemberRow, ProjectRow, Repository
from projects.schemas import ProjectChange
from shared.database.models import Role
from shared.pagination import Cursor

RANKS = {role: rank for rank, role in enumerate(Role)}


class NotFoundError(Exception):
    """There is no such thing, or the caller must not know of it."""


class ForbiddenError(Exception):
    """The caller's role is not enough."""


class ConflictError(Exception):
    """It cannot be so with how things are; the message says why."""


class ProjectService:
    """What one user, the caller, can do with projects."""

    def __init__(self, repository: Repository, caller_id: UUID) -> None:
        self._repository = repository
        self._caller_id = caller_id

    async def create(self, name: str, description: str) -> ProjectRow:
        """Create a project that the caller owns."""
        row = await self._repository.add_project(name, description, self._caller_id)
        self._record("project.create", row.project.id, name=name)
        return row

    async def list_mine(self, after: Cursor | None, limit: int) -> Sequence[ProjectRow]:
        """The caller's projects."""
        return await self._repository.projects(self._caller_id, after, limit)

    async def read(self, project_id: UUID) -> ProjectRow:
        """A project."""
        return await self._require(project_id, Role.VIEWER)

    async def change(self, project_id: UUID, change: ProjectChange) -> ProjectRow:
        """Change a project's name or description."""
        row = await self._require(project_id, Role.EDITOR, lock=True)
        changes = change.model_dump(exclude_none=True)
        for name, value in changes.items():
            setattr(row.project, name, value)
        await self._repository.save()
        self._record("project.change", project_id, fields=sorted(changes))
        return row

    async def delete(self, project_id: UUID) -> None:
        """Delete a project."""
        row = await self._require(project_id, Role.OWNER, lock=True)
        self._record("project.delete", project_id, name=row.project.name)
        await self._repository.delete(row.project)

    async def members(self, project_id: UUID, after: Cursor | None, limit: int) -> Sequence[MemberRow]:
        """A project's members."""
        await self._require(project_id, Role.VIEWER)
        return await self._repository.members(project_id, after, limit)

    async def add_member(self, project_id: UUID, email: str, role: Role) -> MemberRow:
        """Give a user a role in a project."""
        await self._require(project_id, Role.OWNER, lock=True)
        user = await self._repository.user_by_email(email)
        if user is None:
            raise ConflictError("No user has this email: they have to register first")
        membership = await self._repository.add_member(project_id, user.id, role)
        if membership is None:
            raise ConflictError("This user is a member")
        self._record("member.add", project_id, user_id=str(user.id), role=role)
        return MemberRow(membership, user)

    async def change_member(self, project_id: UUID, user_id: UUID, role: Role) -> MemberRow:
        """Give a member another role."""
        await self._require(project_id, Role.OWNER, lock=True)
        row = await self._member(project_id, user_id)
        if role is not Role.OWNER:
            await self._keep_an_owner(row)
        row.membership.role = role
        await self._repository.save()
        self._record("member.change", project_id, user_id=str(user_id), role=role)
        return row

    async def remove_member(self, project_id: UUID, user_id: UUID) -> None:
        """Remove a member; who is not an owner can only leave."""
        leaves = user_id == self._caller_id
        await self._require(project_id, Role.VIEWER if leaves else Role.OWNER, lock=True)
        row = await self._member(project_id, user_id)
        await self._keep_an_owner(row)
        await self._repository.delete(row.membership)
        self._record("member.remove", project_id, user_id=str(user_id))

    async def _require(self, project_id: UUID, least: Role, *, lock: bool = False) -> ProjectRow:
        row = await self._repository.project(project_id, self._caller_id, lock=lock)
        if row is None:
            raise NotFoundError
        if RANKS[Role(row.membership.role)] < RANKS[least]:
            raise ForbiddenError
        return row

    async def _member(self, project_id: UUID, user_id: UUID) -> MemberRow:
        row = await self._repository.member(project_id, user_id)
        if row is None:
            raise NotFoundError
        return row

    async def _keep_an_owner(self, row: MemberRow) -> None:
        """Refuse to take the role from the last owner; the project's lock makes the count hold."""
        if row.membership.role == Role.OWNER and await self._repository.owners(row.membership.project_id) == 1:
            raise ConflictError("A project needs an owner: make somebody else one first, or delete the project")

    def _record(self, action: str, project_id: UUID, **details: object) -> None:
        self._repository.record(action, self._caller_id, project_id, **details)
