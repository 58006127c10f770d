"""Business logic of registration, login, sessions and logout."""

import hmac
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from auth.refresh_tokens import RefreshToken, Rotation, digest
from auth.repository import Repository
from auth.schemas import Tokens
from shared.database.models import Session, User
from shared.rate_limits import LocalLimiter
from shared.redis import UNAVAILABLE_ERRORS
from shared.request_id import current_address, current_user_agent
from shared.security.active_sessions import ActiveSessions
from shared.security.passwords import BusyError, PasswordHashing
from shared.security.tokens import Claims, Signer

log = structlog.get_logger()


class WrongCredentialsError(Exception):
    """No user has this email and password."""


class InvalidRefreshTokenError(Exception):
    """The refresh token is unknown, already used or expired, or its session has ended."""


class NoSessionError(Exception):
    """The current user has no session with this ID."""


class AccessTokenActiveError(Exception):
    """The session has ended, but Redis has not responded: its access token is accepted until it expires."""


class OtherTokensActiveError(Exception):
    """The same after a change of the password, which cannot be repeated: its link or the old password are used up."""


@dataclass(frozen=True)
class SessionPolicy:
    """The rotation of refresh tokens, the limits of sessions, and the wrong passwords that are audited."""

    rotation: Rotation
    session_lifetime: timedelta
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
        self._policy = policy

    async def login(self, email: str, password: str, now: datetime) -> Tokens:
        """Start a session; takes as long for an unknown email as for a known one."""
        user = await self._repository.user_by_email(email)
        # Hashing is slow and may be queued; other requests can use the database connection meanwhile.
        await self._repository.commit()
        if not await self._passwords.verify(user.password_hash if user else None, password) or user is None:
            log.warning("login failed", user_id=str(user.id) if user else None)
            await self.record_refusal("session.refuse", email, user)
            raise WrongCredentialsError
        rehashed = await self._rehash(user, password)
        # The lock also prevents that concurrent log-ins keep too many sessions.
        if not await self._repository.lock_user(user):
            # Another request has changed or rehashed the password meanwhile, or deleted the user.
            return await self.login(email, password, now)
        user.password_hash = rehashed
        return await self.start_session(user.id, now)

    async def refresh(self, text: str, now: datetime) -> Tokens:
        """Exchange a refresh token for new tokens.

        A token that was already used ends its session, as it may have been stolen. Within the leeway, the token
        replaced last returns the same new refresh token again.
        """
        token = RefreshToken.parse(text)
        session = await self._repository.lock_session(token.session_id) if token else None
        if token is None or session is None or not hmac.compare_digest(session.family_hash, digest(token.family)):
            raise InvalidRefreshTokenError
        if session.revoked_at is not None or min(session.expires_at, self._last_expiry(session)) <= now:
            # Redis may have missed its end.
            await self.try_to_remove(session.id)
            raise InvalidRefreshTokenError
        if hmac.compare_digest(session.token_hash, digest(token.unique)):
            successor = self._rotation.next(token, now)
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
        if not await self.try_to_remove(claims.session_id):
            raise AccessTokenActiveError

    async def current_user(self, claims: Claims) -> User | None:
        """The current user; None if deleted in the meantime."""
        return await self._repository.user(claims.user_id)

    async def list_sessions(self, claims: Claims, now: datetime) -> Sequence[Session]:
        """The active sessions of the current user."""
        return await self._repository.sessions(claims.user_id, now)

    async def end_session(self, claims: Claims, session_id: UUID, now: datetime) -> None:
        """End a session of the current user; one that has already ended is no error."""
        session = await self._repository.lock_session(session_id)
        if session is None or session.user_id != claims.user_id:
            raise NoSessionError
        await self.end_sessions([session], now)

    async def end_other_sessions(self, claims: Claims, now: datetime) -> None:
        """End all sessions of the current user but the current one."""
        sessions = await self._repository.lock_sessions(claims.user_id, now - self._signer.lifetime)
        await self.end_sessions([each for each in sessions if each.id != claims.session_id], now)

    async def end_all_sessions(self, user_id: UUID, now: datetime) -> None:
        """End all sessions of a user."""
        await self.end_sessions(await self._repository.lock_sessions(user_id, now - self._signer.lifetime), now)

    async def end_sessions(self, sessions: Sequence[Session], now: datetime) -> None:
        """Commit the end of locked sessions; raises AccessTokenActiveError if Redis misses it."""
        for session in sessions:
            if session.revoked_at is None:
                await self._repository.revoke(session, now)
                self._repository.record("session.end", session.user_id, session.id)
        await self._repository.commit()
        if not await self.try_to_remove(*(each.id for each in sessions)):
            raise AccessTokenActiveError

    async def record_refusal(self, action: str, key: str, user: User | None) -> None:
        """Record a wrong password; a flood of them for a key is not, as it must not fill the database.

        Without a user, the same statements run without an effect, so that timing does not reveal known ones.
        """
        if self._policy.audited_failures.take(key) >= 0:
            await self._repository.record_refusal(action, user.id if user else uuid4())

    async def _rehash(self, user: User, password: str) -> str:
        """The hash with the current Argon2 parameters; under load, leave that to a later login."""
        if self._passwords.needs_rehash(user.password_hash):
            with suppress(BusyError):
                return await self._passwords.hash(password)
        return user.password_hash

    async def start_session(self, user_id: UUID, now: datetime) -> Tokens:
        """Start a session of a user, who must be locked or new."""
        ended = await self._repository.replace_sessions(user_id, self._policy.sessions_per_user - 1, now)
        for session_id in (each for each, was_active in ended.items() if was_active):
            self._repository.record("session.replace", user_id, session_id)
        token = RefreshToken.first(uuid4())
        session = Session(id=token.session_id, user_id=user_id, family_hash=digest(token.family), created_at=now)
        self._rotate(session, token, now)
        await self._repository.add_session(session)
        self._repository.record("session.login", user_id, session.id)
        return await self._issue_tokens(session, token, now, ended)

    def _was_just_replaced(self, session: Session, now: datetime) -> bool:
        return now < session.refreshed_at + self._rotation.leeway

    def _last_expiry(self, session: Session) -> datetime:
        return session.created_at + self._policy.session_lifetime

    def _rotate(self, session: Session, token: RefreshToken, now: datetime) -> None:
        session.token_hash = digest(token.unique)
        session.refreshed_at = now
        session.expires_at = min(now + self._rotation.lifetime, self._last_expiry(session))
        session.client, session.user_agent = current_address(), current_user_agent()

    async def _issue_tokens(
        self, session: Session, token: RefreshToken, now: datetime, ended: Iterable[UUID] = ()
    ) -> Tokens:
        """Without a response of Redis, this fails, and the transaction is rolled back."""
        lifetime = min(self._signer.lifetime, session.expires_at - now)
        await self._sessions.add(session.id, session.user_id, lifetime, ended)
        return Tokens(
            access_token=self._signer.sign(session.user_id, session.id, now, lifetime),
            refresh_token=str(token),
            expires_in=int(lifetime.total_seconds()),
        )

    async def _end_reused(self, session: Session, now: datetime) -> None:
        log.warning("refresh token reused", session_id=str(session.id), user_id=str(session.user_id))
        await self._revoke(session, "session.reuse", now)
        await self.try_to_remove(session.id)

    async def _revoke(self, session: Session, action: str, now: datetime) -> None:
        """Commit the end of a session, whatever happens to the request or in Redis afterwards."""
        await self._repository.revoke(session, now)
        self._repository.record(action, session.user_id, session.id)
        await self._repository.commit()

    async def try_to_remove(self, *session_ids: UUID) -> bool:
        """Remove sessions from Redis; False without its response: the entries then expire with the access tokens."""
        try:
            await self._sessions.remove(*session_ids)
        except UNAVAILABLE_ERRORS as error:
            log.warning("sessions not removed from Redis", session_ids=[*map(str, session_ids)], reason=str(error))
            return False
        return True
