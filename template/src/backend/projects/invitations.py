"""Business logic of invitations: how an email address becomes a member of a project.

An invitation does the same for known and unknown addresses. Only the user with the invited address, which a mail has
verified, can accept it. The link of the mail only shows it, also to somebody without an account.
"""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from projects.invitation_repository import InvitationRepository, InvitationRow
from projects.schemas import ProjectOut
from projects.service import ConflictError, InvalidLinkError, NotFoundError, ProjectService
from shared.database.models import Role
from shared.pagination import Cursor


class InvitationService:
    """Invitations, for the current user."""

    def __init__(self, repository: InvitationRepository, projects: ProjectService, user_id: UUID) -> None:
        self._repository = repository
        self._projects = projects
        self._user_id = user_id

    async def invite(self, project_id: UUID, email: str, role: Role) -> None:
        """Invite an address to a project, and mail it; replaces an earlier invitation of the address."""
        row = await self._projects.lock(project_id, Role.OWNER)
        name, is_member = await self._repository.inviter(self._user_id, project_id, email)
        if is_member:
            # Owners see the addresses of members.
            raise ConflictError("already_member", "The user with this email address is already a member")
        invitation_id = await self._repository.invite(project_id, email, role, self._user_id)
        self._repository.mail(invitation_id, row.project.name, name)
        self._projects.record("member.invite", project_id, email=email, role=role)

    async def list_of_project(self, project_id: UUID, after: Cursor | None, limit: int) -> Sequence[InvitationRow]:
        """The invitations to a project."""
        await self._projects.require(project_id, Role.OWNER)
        return await self._repository.of_project(project_id, after, limit)

    async def withdraw(self, project_id: UUID, invitation_id: UUID) -> None:
        """Withdraw an invitation to a project."""
        await self._projects.lock(project_id, Role.OWNER)
        invitation = await self._repository.withdraw(project_id, invitation_id)
        if invitation is None:
            raise NotFoundError
        self._projects.record("member.withdraw", project_id, email=invitation.email, role=invitation.role)

    async def list_own(self, after: Cursor | None, limit: int) -> Sequence[InvitationRow]:
        """The invitations of the current user."""
        return await self._repository.of_user(self._user_id, after, limit)

    async def accept(self, invitation_id: UUID) -> ProjectOut:
        """Become a member of the project with the role of the invitation; an existing role remains."""
        project_id = await self._repository.lock_project_of(invitation_id, self._user_id)
        # Again, since it may have been withdrawn or accepted before the lock.
        invitation = await self._repository.take(invitation_id, self._user_id)
        if project_id is None or invitation is None:
            raise NotFoundError
        await self._repository.add_member(project_id, self._user_id, Role(invitation.role))
        self._projects.record("member.accept", project_id, role=invitation.role, invited_by=str(invitation.invited_by))
        return ProjectOut.of(*await self._projects.lock(project_id, Role.VIEWER))

    async def decline(self, invitation_id: UUID) -> None:
        """Decline an invitation of the current user."""
        invitation = await self._repository.take(invitation_id, self._user_id)
        if invitation is None:
            raise NotFoundError
        self._projects.record("member.decline", invitation.project_id, role=invitation.role)


async def find_invitation(repository: InvitationRepository, token: str) -> InvitationRow:
    """The invitation of a mailed link, for anybody who has the token."""
    row = await repository.by_token(hashlib.sha256(token.encode()).digest())
    if row is None:
        raise InvalidLinkError
    return row
