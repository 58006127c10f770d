"""The rules of registration, login, sessions and logout."""

import hmac
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

import structlog

from auth.refresh_tokens import RefreshToken, Rotation, digest
from auth.repository import Repository
from auth.schemas import Tokens
from shared.database.models import Session, User
from shared.security.live_sessions import LiveSessions
from shared.security.passwords import BusyError, Passwords
from shared.security.tokens import Claims, Signer

log = structlog.get_logger()


class EmailTakenError(Exception):
    """Somebody has registered with this email."""


class WrongCredentialsError(Exception):
    """No user has this email and this password."""


class InvalidRefreshTokenError(Exception):
    """The refresh token is unknown, used or expired, or its session has ended."""


class AuthService:
    """What users can do; `now` is the time of the request."""

    def __init__(
        self,
        repository: Repository,
        passwords: Passwords,
        signer: Signer,
        live: LiveSessions,
        rotation: Rotation,
    ) -> None:
        self._repository = repository
        self._passwords = passwords
        self._signer = signer
        self._live = live
        self._rotation = rotation

    async def register(self, email: str, name: str, password: str) -> User:
        """Create a user."""
        user = await self._repository.add_user(email, name, await self._passwords.hash(password))
        if user is None:
            raise EmailTakenError
        self._repository.record("user.register", user.id, user.id)
        return user

    async def login(self, email: str, password: str, now: datetime) -> Tokens:
        """Open a session; takes as long for an unknown email as for a known one."""
        user = await self._repository.user_by_email(email)
        # Hashing takes its time, and may have to wait for it: whoever needs the database meanwhile finds a connection.
        await self._repository.commit()
        if not await self._passwords.matches(user.password_hash if user else None, password) or user is None:
            log.warning("login refused")
            raise WrongCredentialsError
        if self._passwords.is_outdated(user.password_hash):
            await self._renew_hash(user, password)
        return await self._open_session(user.id, now)

    async def refresh(self, text: str, now: datetime) -> Tokens:
        """The next pair of tokens; a refresh token that was used before ends its session, as it may be a stolen one.

        Used a moment ago as the newest, it gives the same next token again.
        """
        token = RefreshToken.parse(text)
        session = await self._repository.lock_session(token.session_id) if token else None
        if token is None or session is None or not hmac.compare_digest(session.family_hash, digest(token.family)):
            raise InvalidRefreshTokenError
        if session.revoked_at is not None or session.expires_at <= now:
            raise InvalidRefreshTokenError
        successor = self._rotation.next(token)
        if hmac.compare_digest(session.token_hash, digest(token.own)):
            self._renew(session, successor, now)
        elif not self._was_just_replaced(session, successor, now):
            await self._end_reused(session, now)
            raise InvalidRefreshTokenError
        return await self._issue(session, successor, now)

    async def logout(self, caller: Claims, now: datetime) -> None:
        """End the caller's session; its access token is refused from now on."""
        session = await self._repository.lock_session(caller.session_id)
        if session is not None and session.revoked_at is None:
            await self._end(session, "session.logout", now)

    async def me(self, caller: Claims) -> User | None:
        """The user who calls; None if deleted meanwhile."""
        return await self._repository.user(caller.user_id)

    async def _renew_hash(self, user: User, password: str) -> None:
        """Bring the hash to today's costs; when many wait for theirs, a later login does it."""
        with suppress(BusyError):
            user.password_hash = await self._passwords.hash(password)

    async def _open_session(self, user_id: UUID, now: datetime) -> Tokens:
        token = RefreshToken.first(uuid4())
        session = Session(id=token.session_id, user_id=user_id, family_hash=digest(token.family))
        self._renew(session, token, now)
        await self._repository.add_session(session)
        self._repository.record("session.login", user_id, session.id)
        return await self._issue(session, token, now)

    def _was_just_replaced(self, session: Session, successor: RefreshToken, now: datetime) -> bool:
        is_newest = hmac.compare_digest(session.token_hash, digest(successor.own))
        return is_newest and now < session.refreshed_at + self._rotation.leeway

    def _renew(self, session: Session, token: RefreshToken, now: datetime) -> None:
        session.token_hash = digest(token.own)
        session.refreshed_at = now
        session.expires_at = now + self._rotation.lifetime

    async def _issue(self, session: Session, token: RefreshToken, now: datetime) -> Tokens:
        await self._live.open(session.id, session.user_id, self._rotation.lifetime)
        return Tokens(
            access_token=self._signer.sign(session.user_id, session.id, now),
            refresh_token=str(token),
            expires_in=int(self._signer.lifetime.total_seconds()),
        )

    async def _end_reused(self, session: Session, now: datetime) -> None:
        log.warning("refresh token reused", session_id=str(session.id), user_id=str(session.user_id))
        await self._end(session, "session.reuse", now)
        # The request is about to be refused, which would roll this back.
        await self._repository.commit()

    async def _end(self, session: Session, action: str, now: datetime) -> None:
        await self._repository.revoke(session, now)
        self._repository.record(action, session.user_id, session.id)
        await self._live.close(session.id)
