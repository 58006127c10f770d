"""Business logic of registration, login, sessions and logout."""

import hmac
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import structlog

from auth.refresh_tokens import RefreshToken, Rotation, digest
from auth.repository import NoUserError, Repository
from auth.schemas import Tokens
from shared.database.models import Session, User
from shared.rate_limits import LocalLimiter
from shared.redis import UNAVAILABLE_ERRORS
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


class AccessTokenActiveError(Exception):
    """The session has ended, but Redis has not responded: its access token is accepted until it expires."""


@dataclass(frozen=True)
class SessionPolicy:
    """The rotation of refresh tokens, the number of sessions per user, and the failed log-ins that are audited."""

    rotation: Rotation
    sessions_per_user: int
    audited_failures: LocalLimiter


class AuthService:
    """Registration, login and sessions; `now` is the time of the request."""

    def __init__(
        self,
        repository: Repository,
        passwords: PasswordHashing,
        signer: Signer,
        sessions: ActiveSessions,
        policy: SessionPolicy,
    ) -> None:
        self._repository = repository
        self._passwords = passwords
        self._signer = signer
        self._sessions = sessions
        self._rotation = policy.rotation
        self._sessions_per_user = policy.sessions_per_user
        self._audited_failures = policy.audited_failures

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
            await self._record_failure(email, user)
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
            # Redis may have missed its end.
            await self._try_to_remove(session.id)
            raise InvalidRefreshTokenError
        if hmac.compare_digest(session.token_hash, digest(token.unique)):
            successor = self._rotation.next(token)
            self._rotate(session, successor, now)
        elif (found := self._rotation.find(token, session.token_hash)) and self._was_just_replaced(session, now):
            successor = found
        else:
            await self._end_reused(session, now)
            raise InvalidRefreshTokenError
        return await self._issue_tokens(session, successor, now)

    async def logout(self, claims: Claims, now: datetime) -> None:
        """End the session of the token; its access tokens are rejected from now on.

        This also ends a session whose row is gone, or whose end Redis has missed. Raises AccessTokenActiveError if it
        misses it again.
        """
        session = await self._repository.lock_session(claims.session_id)
        if session is not None and session.revoked_at is None:
            await self._revoke(session, "session.logout", now)
        if not await self._try_to_remove(claims.session_id):
            raise AccessTokenActiveError

    async def current_user(self, claims: Claims) -> User | None:
        """The current user; None if deleted in the meantime."""
        return await self._repository.user(claims.user_id)

    async def _record_failure(self, email: str, user: User | None) -> None:
        """Record a failed log-in; a flood of them is only logged, as it must not fill the database.

        For an unknown email, the same statements run without an effect, so that timing does not reveal known ones.
        """
        log.warning("login failed", user_id=str(user.id) if user else None)
        if self._audited_failures.take(email) >= 0:
            await self._repository.record_failed_login(user.id if user else uuid4())

    async def _rehash(self, user: User, password: str) -> None:
        """Update the hash to the current Argon2 parameters; under load, leave that to a later login."""
        with suppress(BusyError):
            user.password_hash = await self._passwords.hash(password)

    async def _start_session(self, user_id: UUID, now: datetime) -> Tokens:
        try:
            ended = await self._repository.replace_sessions(user_id, self._sessions_per_user - 1, now)
        except NoUserError:
            raise WrongCredentialsError from None
        for session_id in (each for each, was_active in ended.items() if was_active):
            self._repository.record("session.replace", user_id, session_id)
        token = RefreshToken.first(uuid4())
        session = Session(id=token.session_id, user_id=user_id, family_hash=digest(token.family))
        self._rotate(session, token, now)
        await self._repository.add_session(session)
        self._repository.record("session.login", user_id, session.id)
        return await self._issue_tokens(session, token, now, ended)

    def _was_just_replaced(self, session: Session, now: datetime) -> bool:
        return now < session.refreshed_at + self._rotation.leeway

    def _rotate(self, session: Session, token: RefreshToken, now: datetime) -> None:
        session.token_hash = digest(token.unique)
        session.refreshed_at = now
        session.expires_at = now + self._rotation.lifetime

    async def _issue_tokens(
        self, session: Session, token: RefreshToken, now: datetime, ended: Iterable[UUID] = ()
    ) -> Tokens:
        """Without a response of Redis, this fails, and the transaction is rolled back."""
        await self._sessions.add(session.id, session.user_id, self._signer.lifetime, ended)
        return Tokens(
            access_token=self._signer.sign(session.user_id, session.id, now),
            refresh_token=str(token),
            expires_in=int(self._signer.lifetime.total_seconds()),
        )

    async def _end_reused(self, session: Session, now: datetime) -> None:
        log.warning("refresh token reused", session_id=str(session.id), user_id=str(session.user_id))
        await self._revoke(session, "session.reuse", now)
        await self._try_to_remove(session.id)

    async def _revoke(self, session: Session, action: str, now: datetime) -> None:
        """Commit the end of a session, whatever happens to the request or in Redis afterwards."""
        await self._repository.revoke(session, now)
        self._repository.record(action, session.user_id, session.id)
        await self._repository.commit()

    async def _try_to_remove(self, session_id: UUID) -> bool:
        """Remove a session from Redis; False without its response: the entry then expires with the access token."""
        try:
            await self._sessions.remove(session_id)
        except UNAVAILABLE_ERRORS as error:
            log.warning("session not removed from Redis", session_id=str(session_id), reason=str(error))
            return False
        return True
