"""Business logic of registration, login, sessions and logout."""

import hmac
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

import structlog

from auth.refresh_tokens import RefreshToken, Rotation, digest
from auth.repository import Repository
from auth.schemas import Tokens
from shared.database.models import Session, User
from shared.security.active_sessions import ActiveSessions
from shared.security.passwords import BusyError, PasswordHashing
from shared.security.tokens import Claims, Signer

log = structlog.get_logger()


class EmailTakenError(Exception):
    """A user with this email already exists."""


class WrongCredentialsError(Exception):
    """No user has this email and password."""


class InvalidRefreshTokenError(Exception):
    """The refresh token is unknown, already used or expired, or its session has ended."""


class AuthService:
    """Registration, login and sessions; `now` is the time of the request."""

    def __init__(
        self,
        repository: Repository,
        passwords: PasswordHashing,
        signer: Signer,
        sessions: ActiveSessions,
        rotation: Rotation,
    ) -> None:
        self._repository = repository
        self._passwords = passwords
        self._signer = signer
        self._sessions = sessions
        self._rotation = rotation

    async def register(self, email: str, name: str, password: str) -> User:
        """Create a user."""
        user = await self._repository.add_user(email, name, await self._passwords.hash(password))
        if user is None:
            raise EmailTakenError
        self._repository.record("user.register", user.id, user.id)
        return user

    async def login(self, email: str, password: str, now: datetime) -> Tokens:
        """Start a session; takes as long for an unknown email as for a known one."""
        user = await self._repository.user_by_email(email)
        # Hashing is slow and may be queued; other requests can use the database connection meanwhile.
        await self._repository.commit()
        if not await self._passwords.verify(user.password_hash if user else None, password) or user is None:
            log.warning("login failed")
            raise WrongCredentialsError
        if self._passwords.needs_rehash(user.password_hash):
            await self._rehash(user, password)
        return await self._start_session(user.id, now)

    async def refresh(self, text: str, now: datetime) -> Tokens:
        """Exchange a refresh token for new tokens.

        A token that was already used ends its session, as it may have been stolen. Within the leeway, the token
        replaced last returns the same new refresh token again.
        """
        token = RefreshToken.parse(text)
        session = await self._repository.lock_session(token.session_id) if token else None
        if token is None or session is None or not hmac.compare_digest(session.family_hash, digest(token.family)):
            raise InvalidRefreshTokenError
        if session.revoked_at is not None or session.expires_at <= now:
            raise InvalidRefreshTokenError
        successor = self._rotation.next(token)
        if hmac.compare_digest(session.token_hash, digest(token.unique)):
            self._rotate(session, successor, now)
        elif not self._was_just_replaced(session, successor, now):
            await self._end_reused(session, now)
            raise InvalidRefreshTokenError
        return await self._issue_tokens(session, successor, now)

    async def logout(self, claims: Claims, now: datetime) -> None:
        """End the current session; its access tokens are rejected from now on."""
        session = await self._repository.lock_session(claims.session_id)
        if session is not None and session.revoked_at is None:
            await self._end(session, "session.logout", now)

    async def current_user(self, claims: Claims) -> User | None:
        """The current user; None if deleted in the meantime."""
        return await self._repository.user(claims.user_id)

    async def _rehash(self, user: User, password: str) -> None:
        """Update the hash to the current Argon2 parameters; under load, leave that to a later login."""
        with suppress(BusyError):
            user.password_hash = await self._passwords.hash(password)

    async def _start_session(self, user_id: UUID, now: datetime) -> Tokens:
        token = RefreshToken.first(uuid4())
        session = Session(id=token.session_id, user_id=user_id, family_hash=digest(token.family))
        self._rotate(session, token, now)
        await self._repository.add_session(session)
        self._repository.record("session.login", user_id, session.id)
        return await self._issue_tokens(session, token, now)

    def _was_just_replaced(self, session: Session, successor: RefreshToken, now: datetime) -> bool:
        is_latest = hmac.compare_digest(session.token_hash, digest(successor.unique))
        return is_latest and now < session.refreshed_at + self._rotation.leeway

    def _rotate(self, session: Session, token: RefreshToken, now: datetime) -> None:
        session.token_hash = digest(token.unique)
        session.refreshed_at = now
        session.expires_at = now + self._rotation.lifetime

    async def _issue_tokens(self, session: Session, token: RefreshToken, now: datetime) -> Tokens:
        await self._sessions.add(session.id, session.user_id, self._rotation.lifetime)
        return Tokens(
            access_token=self._signer.sign(session.user_id, session.id, now),
            refresh_token=str(token),
            expires_in=int(self._signer.lifetime.total_seconds()),
        )

    async def _end_reused(self, session: Session, now: datetime) -> None:
        log.warning("refresh token reused", session_id=str(session.id), user_id=str(session.user_id))
        await self._end(session, "session.reuse", now)
        # The request fails afterwards, which would roll this back.
        await self._repository.commit()

    async def _end(self, session: Session, action: str, now: datetime) -> None:
        await self._repository.revoke(session, now)
        self._repository.record(action, session.user_id, session.id)
        await self._sessions.remove(session.id)
