"""Database queries of the projects service."""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import aliased, load_only

from projects.schemas import ProjectOut
from shared import audit
from shared.database.models import (
    PROJECT_EVENTS as EVENTS,
    AuditEvent,
    AuditExport,
    AuditExportPart,
    Membership,
    Project,
    Role,
    User,
)
from shared.database.session import CachedSession
from shared.jobs import enqueue
from shared.pagination import Cursor

# An export that is not finished by then is a dead letter of the worker, or will be.
EXPORT_LIMIT = timedelta(hours=1)
# What this service may read of users.
USER_COLUMNS = load_only(User.id, User.email, User.name, raiseload=True)


class ProjectRow(NamedTuple):
    """A project and the membership of a user."""

    project: Project
    membership: Membership


class MemberRow(NamedTuple):
    """A membership and its user."""

    membership: Membership
    user: User


class Repository:
    """Projects and memberships in the database.

    What changes or deletes a row makes cached values obsolete; a new one cannot, as missing rows are not cached.
    """

    def __init__(self, database: CachedSession) -> None:
        self._database = database

    async def add_project(self, name: str, description: str, owner_id: UUID) -> ProjectRow:
        """Insert a project and its first owner."""
        project = Project(name=name, description=description)
        self._database.add(project)
        await self._database.flush()
        membership = Membership(project_id=project.id, user_id=owner_id, role=Role.OWNER)
        self._database.add(membership)
        await self._database.flush()
        return ProjectRow(project, membership)

    async def projects(self, user_id: UUID, search: str, after: Cursor | None, limit: int) -> list[ProjectRow]:
        """The projects of a user whose name contains a text in any case, newest membership first."""
        return [ProjectRow(*row) for row in await self._database.execute(search_of(user_id, search, after, limit))]

    async def project(self, project_id: UUID, user_id: UUID) -> ProjectOut | None:
        """The project if the user is a member, without a query if it is cached."""

        async def load() -> ProjectOut | None:
            row = await self._project(project_id, user_id)
            return ProjectOut.of(*row) if row else None

        return await self._database.cached(ProjectOut, project_id, user_id, load=load)

    async def lock_project(self, project_id: UUID, user_id: UUID) -> ProjectRow | None:
        """The project if the user is a member; blocks concurrent changes of the project and its members.

        Two statements, since the first may wait for another change, and one statement would not read its memberships.
        """
        await self._database.execute(select(Project.id).where(Project.id == project_id).with_for_update())
        return await self._project(project_id, user_id)

    async def members(self, project_id: UUID, user_id: UUID, after: Cursor | None, limit: int) -> list[MemberRow]:
        """The members of a project, oldest first; none if the user is not one of them."""
        own = aliased(Membership)
        is_member = exists().where(own.project_id == project_id, own.user_id == user_id)
        position = tuple_(Membership.created_at, Membership.user_id)
        query = _members_of(project_id).where(is_member)
        query = query.order_by(Membership.created_at, Membership.user_id).limit(limit)
        if after is not None:
            query = query.where(position > (after.timestamp, after.id))
        return [MemberRow(*row) for row in await self._database.execute(query)]

    async def member(self, project_id: UUID, user_id: UUID) -> MemberRow | None:
        """A member of the project."""
        row = (await self._database.execute(_members_of(project_id).where(User.id == user_id))).one_or_none()
        return MemberRow(*row) if row else None

    async def events(self, project_id: UUID, after: Cursor | None, limit: int) -> list[AuditEvent]:
        """The audit events of a project, newest first."""
        query = select(EVENTS).where(EVENTS.c.subject_id == project_id)
        if after is not None:
            query = query.where(tuple_(EVENTS.c.created_at, EVENTS.c.id) < (after.timestamp, after.id))
        query = query.order_by(EVENTS.c.created_at.desc(), EVENTS.c.id.desc()).limit(limit)
        return list(await self._database.scalars(select(AuditEvent).from_statement(query)))

    async def users(self, user_ids: Iterable[UUID]) -> dict[UUID, User]:
        """Those of these users that exist, by ID."""
        query = select(User).where(User.id.in_(user_ids)).options(USER_COLUMNS)
        return {user.id: user for user in await self._database.scalars(query)}

    async def count_owners(self, project_id: UUID) -> int:
        """The number of owners of the project."""
        query = select(func.count()).where(Membership.project_id == project_id, Membership.role == Role.OWNER)
        return await self._database.scalar(query) or 0

    async def add_member(self, project_id: UUID, user_id: UUID, role: Role) -> None:
        """Insert a membership, unless the user is already a member."""
        values = {"project_id": project_id, "user_id": user_id, "role": role}
        await self._database.execute(insert(Membership).values(values).on_conflict_do_nothing())

    async def request_export(self, project_id: UUID) -> AuditExport | None:
        """Replace the finished export of the project by a new one; None if the worker is writing one."""
        ended = or_(AuditExport.finished_at.is_not(None), AuditExport.created_at < func.now() - EXPORT_LIMIT)
        await self._database.execute(delete(AuditExport).where(AuditExport.project_id == project_id, ended))
        statement = insert(AuditExport).values(project_id=project_id).on_conflict_do_nothing().returning(AuditExport)
        if new := await self._database.scalar(statement):
            enqueue(self._database, "export_audit_events", export_id=new.id)
        return new

    async def export(self, project_id: UUID) -> AuditExport | None:
        """The latest export of the project."""
        return await self._database.scalar(select(AuditExport).where(AuditExport.project_id == project_id))

    async def flush(self, project_id: UUID) -> None:
        """Flush changes of a project or its members, which also loads values that the database generates."""
        self._database.mark_changed(project_id)
        await self._database.flush()

    async def delete(self, row: Project | Membership) -> None:
        """Delete a project with its memberships, or one membership."""
        await self._database.delete(row)
        await self.flush(row.id if isinstance(row, Project) else row.project_id)

    def record(self, action: str, actor_id: UUID, project_id: UUID, **details: Any) -> None:
        """Add an audit event."""
        audit.record(self._database, action, actor_id, project_id, **details)

    async def _project(self, project_id: UUID, user_id: UUID) -> ProjectRow | None:
        row = (await self._database.execute(_projects_of(user_id).where(Project.id == project_id))).one_or_none()
        return ProjectRow(*row) if row else None


async def read_export(engine: AsyncEngine, export_id: UUID) -> AsyncIterator[bytes]:
    """The bytes of an export in parts, each read in a transaction of its own, as a client may be slow."""
    for number in count():
        query = select(AuditExportPart.content).where(
            AuditExportPart.export_id == export_id, AuditExportPart.number == number
        )
        async with engine.connect() as connection:
            part = await connection.scalar(query)
        if part is None:
            return
        yield part


def search_of(user_id: UUID, search: str, after: Cursor | None, limit: int) -> Select[Project, Membership]:
    """The query of `Repository.projects`, whose order is that of an index: it only reads projects of the user."""
    position = tuple_(Membership.created_at, Membership.project_id)
    query = _projects_of(user_id).order_by(Membership.created_at.desc(), Membership.project_id.desc()).limit(limit)
    if after is not None:
        query = query.where(position < (after.timestamp, after.id))
    return query.where(Project.name.icontains(search, autoescape=True)) if search else query


def _projects_of(user_id: UUID) -> Select[Project, Membership]:
    joined = Membership.project_id == Project.id
    return select(Project, Membership).join(Membership, joined).where(Membership.user_id == user_id)


def _members_of(project_id: UUID) -> Select[Membership, User]:
    joined = Membership.user_id == User.id
    query = select(Membership, User).join(User, joined).where(Membership.project_id == project_id)
    return query.options(USER_COLUMNS)
