"""Business logic of accounts: what users change about themselves."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from auth.password_rules import require_strong
from auth.repository import ReleasedProject, Repository
from auth.service import AccessTokenActiveError, AuthService, OtherTokensActiveError
from shared.database.models import User
from shared.security.passwords import PasswordHashing
from shared.security.tokens import Claims


class NoUserError(Exception):
    """The current user was deleted."""


class WrongPasswordError(Exception):
    """The password is not that of the current user."""


class UnownedProjectsError(Exception):
    """These projects would have no owner without the current user."""

    def __init__(self, projects: Sequence[ReleasedProject]) -> None:
        super().__init__(f"{len(projects)} projects")
        self.projects = projects


class AccountService:
    """Changes of the current user; `now` is the time of the request."""

    def __init__(self, repository: Repository, passwords: PasswordHashing, auth: AuthService) -> None:
        self._repository = repository
        self._passwords = passwords
        self._auth = auth

    async def rename(self, claims: Claims, name: str) -> User:
        """Change the name."""
        user = await self._user(claims.user_id)
        user.name = name
        await self._repository.flush()
        self._repository.record("user.change", user.id, user.id, fields=["name"])
        return user

    async def change_password(self, claims: Claims, password: str, new_password: str, now: datetime) -> None:
        """Change the password and end all other sessions."""
        user = await self._user(claims.user_id)
        await require_strong("new_password", new_password, user.email, user.name)
        await self._check_password(user, password)
        new_hash = await self._passwords.hash(new_password)
        await self._lock(user)
        await self._repository.change_credentials(user, password_hash=new_hash)
        self._repository.record("user.password", user.id, user.id)
        self._repository.mail_notice(user.email, "password")
        try:
            await self._auth.end_other_sessions(claims, now)
        except AccessTokenActiveError:
            raise OtherTokensActiveError from None

    async def request_email(self, claims: Claims, password: str, email: str) -> None:
        """Mail the link that confirms a new address."""
        user = await self._user(claims.user_id)
        await self._check_password(user, password)
        self._repository.mail_email_change(user.id, email)

    async def delete(self, claims: Claims, password: str, now: datetime, *, delete_projects: bool) -> None:
        """Delete the current user, and on request the projects that nobody else owns."""
        user = await self._user(claims.user_id)
        await self._check_password(user, password)
        await self._lock(user, key=True)
        projects = await self._repository.release_projects(user.id, delete_unowned=delete_projects)
        unowned = [each for each in projects if each.is_unowned]
        if unowned and not delete_projects:
            raise UnownedProjectsError(unowned)
        for each in projects:
            if each.is_unowned:
                self._repository.record("project.delete", user.id, each.id, name=each.name)
            else:
                self._repository.record("member.remove", user.id, each.id, user_id=str(user.id))
        self._repository.record("user.delete", user.id, user.id)
        sessions = [each.id for each in await self._repository.lock_sessions(user.id, now)]
        await self._repository.delete_user(user)
        await self._repository.commit()
        await self._auth.try_to_remove(*sessions)

    async def _user(self, user_id: UUID) -> User:
        user = await self._repository.user(user_id)
        if user is None:
            raise NoUserError
        return user

    async def _check_password(self, user: User, password: str) -> None:
        # As in a log-in, other requests can use the database connection meanwhile.
        await self._repository.commit()
        if not await self._passwords.verify(user.password_hash, password):
            await self._auth.record_refusal("password.refuse", str(user.id), user)
            raise WrongPasswordError

    async def _lock(self, user: User, *, key: bool = False) -> None:
        """Lock the user; the checked password may have been changed meanwhile."""
        if not await self._repository.lock_user(user, key=key):
            raise WrongPasswordError
