"""Business logic of what a mailed link completes: a registration, a forgotten password, a new address.

Requests for links do the same for known and unknown addresses: the worker decides which mail is sent, if any.
"""

from datetime import datetime

from auth.password_rules import require_strong
from auth.repository import Repository
from auth.schemas import Tokens
from auth.service import AccessTokenActiveError, AuthService, OtherTokensActiveError, WrongCredentialsError
from shared.database.models import Purpose, User
from shared.security.passwords import PasswordHashing


class InvalidLinkError(Exception):
    """The token of the link is unknown, expired or used, or the account has changed since it was sent."""


class MailedService:
    """Requests for links, and their use; `now` is the time of the request."""

    def __init__(self, repository: Repository, passwords: PasswordHashing, auth: AuthService) -> None:
        self._repository = repository
        self._passwords = passwords
        self._auth = auth

    async def register(self, email: str, name: str, password: str) -> None:
        """Store a registration and mail the link that completes it, or the notice that there is an account."""
        await require_strong("password", password, email, name)
        registration_id = self._repository.add_registration(email, name, await self._passwords.hash(password))
        self._repository.mail_verification(email, registration_id)

    def resend(self, email: str) -> None:
        """Mail the link of the latest registration again."""
        self._repository.mail_verification(email)

    def request_reset(self, email: str) -> None:
        """Mail a link with which a user chooses a new password."""
        self._repository.mail_password_reset(email)

    async def verify(self, token: str, password: str, now: datetime) -> Tokens:
        """Create the user of a registration, and start a session.

        The password is required: otherwise the owner of an address could complete the registration of somebody else,
        who would then have the password of the account.
        """
        found = await self._repository.token(token, Purpose.VERIFY, now)
        registration_id = found.registration_id if found else None
        registration = await self._repository.registration(registration_id) if registration_id else None
        if registration is None:
            raise InvalidLinkError
        await self._repository.commit()
        if not await self._passwords.verify(registration.password_hash, password):
            raise WrongCredentialsError
        user = await self._repository.add_user(registration.email, registration.name, registration.password_hash)
        if user is None:
            raise InvalidLinkError
        await self._repository.delete_registrations(user.email)
        self._repository.record("user.register", user.id, user.id)
        return await self._auth.start_session(user.id, now)

    async def reset_password(self, token: str, new_password: str, now: datetime) -> None:
        """Change the password, and end all sessions of the user."""
        user, _ = await self._find(token, Purpose.RESET, now)
        await require_strong("new_password", new_password, user.email, user.name)
        await self._repository.commit()
        new_hash = await self._passwords.hash(new_password)
        await self._lock(user)
        await self._repository.change_credentials(user, password_hash=new_hash)
        self._repository.record("password.reset", user.id, user.id)
        self._repository.mail_notice(user.email, "password")
        try:
            await self._auth.end_all_sessions(user.id, now)
        except AccessTokenActiveError:
            raise OtherTokensActiveError from None

    async def change_email(self, token: str, now: datetime) -> None:
        """Give the user the address to which the link was sent; the old address gets a notice."""
        user, email = await self._find(token, Purpose.CHANGE_EMAIL, now)
        old = user.email
        await self._lock(user)
        if email is None or not await self._repository.change_credentials(user, email=email):
            raise InvalidLinkError
        self._repository.record("user.email", user.id, user.id)
        self._repository.mail_notice(old, "email")

    async def _find(self, token: str, purpose: Purpose, now: datetime) -> tuple[User, str | None]:
        """The user of a token, and the address in it."""
        found = await self._repository.token(token, purpose, now)
        user = await self._repository.user(found.user_id) if found and found.user_id else None
        if found is None or user is None or user.account_version != found.account_version:
            raise InvalidLinkError
        return user, found.email

    async def _lock(self, user: User) -> None:
        """Lock the user; another request may have changed it meanwhile, perhaps with the same link."""
        if not await self._repository.lock_user(user):
            raise InvalidLinkError
