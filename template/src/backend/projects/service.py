"""Business logic of projects: who may see, change and share them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from projects.repository import MemberRow, ProjectRow, Repository
from projects.schemas import ProjectOut, ProjectUpdate
from shared.database.models import AuditEvent, AuditExport, Role, User
from shared.pagination import Cursor

RANKS = {role: rank for rank, role in enumerate(Role)}


class NotFoundError(Exception):
    """The object does not exist, or the current user must not learn that it does."""


class ForbiddenError(Exception):
    """The role of the current user does not allow this."""


class ConflictError(Exception):
    """The request conflicts with the current state; the message is the reason, and `code` is for programs."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class InvalidLinkError(Exception):
    """The token of the link is unknown, or of an invitation that does not count any more."""


class ProjectService:
    """Actions of the current user on projects."""

    def __init__(self, repository: Repository, user_id: UUID) -> None:
        self._repository = repository
        self._user_id = user_id

    async def create_project(self, name: str, description: str) -> ProjectRow:
        """Create a project that the current user owns."""
        row = await self._repository.add_project(name, description, self._user_id)
        self.record("project.create", row.project.id, name=name)
        return row

    async def list_projects(self, search: str, after: Cursor | None, limit: int) -> Sequence[ProjectRow]:
        """The projects of the current user whose name contains a text."""
        return await self._repository.projects(self._user_id, search, after, limit)

    async def get_project(self, project_id: UUID) -> ProjectOut:
        """A project."""
        return await self.require(project_id, Role.VIEWER)

    async def update_project(self, project_id: UUID, update: ProjectUpdate) -> ProjectRow:
        """Change the name or description of a project."""
        row = await self.lock(project_id, Role.EDITOR)
        changes = update.model_dump(exclude_none=True)
        for name, value in changes.items():
            setattr(row.project, name, value)
        await self._repository.flush(project_id)
        self.record("project.change", project_id, fields=sorted(changes))
        return row

    async def delete_project(self, project_id: UUID) -> None:
        """Delete a project."""
        row = await self.lock(project_id, Role.OWNER)
        self.record("project.delete", project_id, name=row.project.name)
        await self._repository.delete(row.project)

    async def request_export(self, project_id: UUID) -> AuditExport:
        """Let the worker write an export of the audit events, unless it is doing so; replaces the last one."""
        await self.lock(project_id, Role.OWNER)
        if new := await self._repository.request_export(project_id):
            self.record("project.export", project_id)
        return new or await self._export(project_id)

    async def get_export(self, project_id: UUID) -> AuditExport:
        """The latest export of the audit events."""
        await self.require(project_id, Role.OWNER)
        return await self._export(project_id)

    async def get_finished_export(self, project_id: UUID) -> AuditExport:
        """The latest export of the audit events, to be downloaded."""
        await self.require(project_id, Role.OWNER)
        export = await self._export(project_id)
        if export.finished_at is None:
            raise ConflictError("not_finished", "The export is not finished; try again in a moment")
        return export

    async def list_members(self, project_id: UUID, after: Cursor | None, limit: int) -> Sequence[MemberRow]:
        """The members of a project."""
        rows = await self._repository.members(project_id, self._user_id, after, limit)
        if not rows:
            # Behind the last page, or not a member.
            await self.require(project_id, Role.VIEWER)
        return rows

    async def list_events(
        self, project_id: UUID, after: Cursor | None, limit: int
    ) -> tuple[Sequence[AuditEvent], Mapping[UUID, User]]:
        """The audit events of a project, and those of their actors who still exist."""
        await self.require(project_id, Role.OWNER)
        events = await self._repository.events(project_id, after, limit)
        return events, await self._repository.users({each.actor_id for each in events if each.actor_id})

    async def update_member(self, project_id: UUID, user_id: UUID, role: Role) -> MemberRow:
        """Change the role of a member."""
        await self.lock(project_id, Role.OWNER)
        row = await self._member(project_id, user_id)
        if role is not Role.OWNER:
            await self._require_another_owner(row)
        row.membership.role = role
        await self._repository.flush(project_id)
        self.record("member.change", project_id, user_id=str(user_id), role=role)
        return row

    async def remove_member(self, project_id: UUID, user_id: UUID) -> None:
        """Remove a member; members who are not owners can only remove themselves."""
        is_self = user_id == self._user_id
        await self.lock(project_id, Role.VIEWER if is_self else Role.OWNER)
        row = await self._member(project_id, user_id)
        await self._require_another_owner(row)
        await self._repository.delete(row.membership)
        self.record("member.remove", project_id, user_id=str(user_id))

    async def require(self, project_id: UUID, minimum: Role) -> ProjectOut:
        """The project, perhaps cached, if the current user has this role or a higher one."""
        project = await self._repository.project(project_id, self._user_id)
        if project is None:
            raise NotFoundError
        _check_role(project.role, minimum)
        return project

    async def lock(self, project_id: UUID, minimum: Role) -> ProjectRow:
        """The same to change it: from the database, locked until the end of the transaction."""
        row = await self._repository.lock_project(project_id, self._user_id)
        if row is None:
            raise NotFoundError
        _check_role(Role(row.membership.role), minimum)
        return row

    async def _export(self, project_id: UUID) -> AuditExport:
        export = await self._repository.export(project_id)
        if export is None:
            raise NotFoundError
        return export

    async def _member(self, project_id: UUID, user_id: UUID) -> MemberRow:
        row = await self._repository.member(project_id, user_id)
        if row is None:
            raise NotFoundError
        return row

    async def _require_another_owner(self, row: MemberRow) -> None:
        """Reject a change of the last owner; the lock on the project prevents a concurrent change."""
        if row.membership.role == Role.OWNER and await self._repository.count_owners(row.membership.project_id) == 1:
            raise ConflictError(
                "last_owner", "A project needs an owner: make another member an owner first, or delete the project"
            )

    def record(self, action: str, project_id: UUID, **details: object) -> None:
        """Add an audit event on a project by the current user."""
        self._repository.record(action, self._user_id, project_id, **details)


def _check_role(role: Role, minimum: Role) -> None:
    if RANKS[role] < RANKS[minimum]:
        raise ForbiddenError
