"""Tells who makes a request, from its access token."""

from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.security.live_sessions import LiveSessions
from shared.security.tokens import Claims, InvalidTokenError, Keys, verify

bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The access token that login and refresh return.")


class Authenticator:
    """Accepts a token with a good signature whose session is live."""

    def __init__(self, keys: Keys, sessions: LiveSessions) -> None:
        self._keys = keys
        self._sessions = sessions

    async def identify(self, token: str) -> Claims:
        """Whose token it is; InvalidTokenError if it is nobody's any more."""
        claims = await verify(token, self._keys)
        if not await self._sessions.is_live(claims.session_id, claims.user_id):
            raise InvalidTokenError("the session has ended")
        return claims


async def authenticate(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Claims:
    """Dependency: the claims of the request's access token, or 401."""
    if credentials is None:
        raise unauthorized("Log in first: send an access token", 'Bearer realm="api"')
    authenticator: Authenticator = request.app.state.authenticator
    try:
        return await authenticator.identify(credentials.credentials)
    except InvalidTokenError as error:
        raise unauthorized("The access token is not valid; refresh it or log in again") from error


def unauthorized(detail: str, challenge: str = 'Bearer error="invalid_token"') -> HTTPException:
    """A 401 with the challenge that it needs."""
    return HTTPException(401, detail, headers={"WWW-Authenticate": challenge})


Caller = Annotated[Claims, Depends(authenticate)]
