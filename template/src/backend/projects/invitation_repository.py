"""Database queries on invitations."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from projects.repository import USER_COLUMNS, Repository
from shared.database.models import Invitation, Membership, Project, Role, User
from shared.jobs import enqueue
from shared.pagination import Cursor

LIFETIME = timedelta(days=7)


class InvitationRow(NamedTuple):
    """An invitation, its project and its inviter."""

    invitation: Invitation
    project: Project
    inviter: User


class InvitationRepository(Repository):
    """Invitations to projects; those of a user who is no longer an owner of the project do not count."""

    async def inviter(self, user_id: UUID, project_id: UUID, email: str) -> tuple[str, bool]:
        """The name of the inviter, and whether the user with this address is already a member.

        One statement for all addresses, so that it does not show whether one is registered.
        """
        invited = aliased(User)
        memberships = select(Membership.user_id).join(invited, Membership.user_id == invited.id)
        is_member = memberships.where(Membership.project_id == project_id, invited.email == email).exists()
        name, found = (await self._database.execute(select(User.name, is_member).where(User.id == user_id))).one()
        return name, found

    async def invite(self, project_id: UUID, email: str, role: Role, inviter_id: UUID) -> UUID:
        """Insert an invitation, or replace the one of this address; returns its ID."""
        changes = {
            "role": role,
            "invited_by": inviter_id,
            "token_hash": None,
            "created_at": func.now(),
            "expires_at": datetime.now(UTC) + LIFETIME,
        }
        statement = insert(Invitation).values(project_id=project_id, email=email, **changes)
        unique = [Invitation.project_id, Invitation.email]
        statement = statement.on_conflict_do_update(index_elements=unique, set_=changes)
        return (await self._database.execute(statement.returning(Invitation.id))).scalar_one()

    def mail(self, invitation_id: UUID, project: str, inviter: str) -> None:
        """Mail the link of an invitation; the worker may not read the names of projects and users."""
        enqueue(self._database, "mail_invitation", invitation_id=invitation_id, project=project, inviter=inviter)

    async def of_project(self, project_id: UUID, after: Cursor | None, limit: int) -> list[InvitationRow]:
        """The invitations to a project, oldest first."""
        return await self._page(_query().where(Invitation.project_id == project_id), after, limit)

    async def of_user(self, user_id: UUID, after: Cursor | None, limit: int) -> list[InvitationRow]:
        """The invitations of the address of a user, oldest first."""
        return await self._page(_query().where(_is_for(user_id)), after, limit)

    async def by_token(self, token_hash: bytes) -> InvitationRow | None:
        """The invitation whose last mail has the link with this token."""
        row = (await self._database.execute(_query().where(Invitation.token_hash == token_hash))).one_or_none()
        return InvitationRow(*row) if row else None

    async def lock_project_of(self, invitation_id: UUID, user_id: UUID) -> UUID | None:
        """The ID of the project of an invitation of the address of a user, locked as `lock_project` does."""
        found = _query().where(Invitation.id == invitation_id, _is_for(user_id)).with_only_columns(Project.id)
        return await self._database.scalar(found.with_for_update(of=Project))

    async def take(self, invitation_id: UUID, user_id: UUID) -> Invitation | None:
        """Delete an invitation of the address of a user; None if it does not count any more."""
        found = _query().where(Invitation.id == invitation_id, _is_for(user_id)).with_only_columns(Invitation.id)
        return await self._delete(Invitation.id.in_(found))

    async def withdraw(self, project_id: UUID, invitation_id: UUID) -> Invitation | None:
        """Delete an invitation to a project; None if there is none."""
        return await self._delete(Invitation.project_id == project_id, Invitation.id == invitation_id)

    async def _page(
        self, query: Select[Invitation, Project, User], after: Cursor | None, limit: int
    ) -> list[InvitationRow]:
        if after is not None:
            query = query.where(tuple_(Invitation.created_at, Invitation.id) > (after.timestamp, after.id))
        query = query.order_by(Invitation.created_at, Invitation.id).limit(limit)
        return [InvitationRow(*row) for row in await self._database.execute(query)]

    async def _delete(self, *conditions: ColumnElement[bool]) -> Invitation | None:
        return await self._database.scalar(delete(Invitation).where(*conditions).returning(Invitation))


def _query() -> Select[Invitation, Project, User]:
    """The invitations that have not expired, and whose inviter is an owner."""
    is_owner = (
        (Membership.project_id == Invitation.project_id)
        & (Membership.user_id == Invitation.invited_by)
        & (Membership.role == Role.OWNER)
    )
    query = select(Invitation, Project, User).join(Project, Invitation.project_id == Project.id)
    query = query.join(User, Invitation.invited_by == User.id).join(Membership, is_owner)
    return query.where(Invitation.expires_at > func.now()).options(USER_COLUMNS)


def _is_for(user_id: UUID) -> ColumnElement[bool]:
    """Whether the invitation is for the address of the user; addresses of users are verified."""
    return Invitation.email == select(User.email).where(User.id == user_id).scalar_subquery()
