"""Authentication of requests with access tokens."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.security.active_sessions import ActiveSessions
from shared.security.tokens import Claims, InvalidTokenError, KeySource, verify

bearer = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="An access token, as returned by login and refresh."
)


class Authenticator:
    """Accepts access tokens that are valid and whose session is active."""

    def __init__(self, keys: KeySource, sessions: ActiveSessions) -> None:
        self._keys = keys
        self._sessions = sessions

    async def verify(self, token: str) -> Claims:
        """The claims of the token, whose session may have ended; raises InvalidTokenError if the token is invalid."""
        return await verify(token, self._keys)

    async def authenticate(self, token: str) -> Claims:
        """The claims of the token; raises InvalidTokenError if the token is not accepted."""
        claims = await self.verify(token)
        if not await self._sessions.is_active(claims.session_id, claims.user_id):
            raise InvalidTokenError("the session has ended")
        return claims


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def authenticate(request: Request, credentials: Credentials) -> Claims:
    """Dependency: the claims of the access token; 401 without a valid one."""
    authenticator: Authenticator = request.app.state.authenticator
    return await _claims(credentials, authenticator.authenticate)


async def verify_token(request: Request, credentials: Credentials) -> Claims:
    """Dependency: the claims of the access token, whose session may have ended; 401 without a valid one."""
    authenticator: Authenticator = request.app.state.authenticator
    return await _claims(credentials, authenticator.verify)


async def _claims(
    credentials: HTTPAuthorizationCredentials | None, check: Callable[[str], Awaitable[Claims]]
) -> Claims:
    if credentials is None:
        raise unauthorized("Not authenticated: send an access token", 'Bearer realm="api"')
    try:
        return await check(credentials.credentials)
    except InvalidTokenError as error:
        raise unauthorized("The access token is invalid; refresh it or log in again") from error


def unauthorized(detail: str, challenge: str = 'Bearer error="invalid_token"') -> HTTPException:
    """Create a 401 error with a `WWW-Authenticate` header."""
    return HTTPException(401, detail, headers={"WWW-Authenticate": challenge})


CurrentClaims = Annotated[Claims, Depends(authenticate)]
VerifiedClaims = Annotated[Claims, Depends(verify_token)]
