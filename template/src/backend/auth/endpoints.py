"""Routes of the auth service."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from auth.accounts import NoUserError, UnownedProjectsError, WrongPasswordError
from auth.limits import RATE_LIMITED, Limits
from auth.mailed import InvalidLinkError
from auth.password_rules import GuessablePasswordError
from auth.repository import Repository
from auth.schemas import Credentials, Jwks, RefreshRequest, Tokens, UserOut
from auth.service import (
    AccessTokenActiveError,
    AuthService,
    InvalidRefreshTokenError,
    NoSessionError,
    OtherTokensActiveError,
    WrongCredentialsError,
)
from shared.database.models import User
from shared.database.session import DatabaseSession
from shared.error_responses import CHALLENGE, INVALID, UNAUTHORIZED, UNAVAILABLE, ProblemResponse, describe, invalid
from shared.rate_limits import DETAIL, RateLimitedError
from shared.security.authentication import CurrentClaims, VerifiedClaims, unauthorized
from shared.security.passwords import BusyError
from shared.security.tokens import Signer

router = APIRouter(prefix="/api/auth", tags=["auth"])
keys_router = APIRouter(tags=["auth"])

# Of the projects that a response lists.
MAX_PROJECTS = 100
NO_STORE = {"Cache-Control": "no-store"}
WRONG_CREDENTIALS = describe(401, "The email address or the password is wrong.", headers=CHALLENGE)
INVALID_REFRESH_TOKEN = describe(
    401, "The refresh token is unknown, expired or already used, or its session has ended.", headers=CHALLENGE
)
LIMITED = RATE_LIMITED | UNAVAILABLE


def get_service(request: Request, database: DatabaseSession) -> AuthService:
    """Dependency: the service, in the transaction of the request."""
    state = request.app.state
    return AuthService(Repository(database), state.passwords, state.signer, state.sessions, state.policy)


Service = Annotated[AuthService, Depends(get_service)]


@router.post("/login", summary="Log In", responses=WRONG_CREDENTIALS | INVALID | LIMITED)
async def login(credentials: Credentials, service: Service, limits: Limits, response: Response) -> Tokens:
    """Start a session with an email address and a password."""
    await limits.take("login", credentials.email)
    response.headers.update(NO_STORE)
    return await service.login(credentials.email, credentials.password.get_secret_value(), datetime.now(UTC))


@router.post("/refresh", responses=INVALID_REFRESH_TOKEN | INVALID | LIMITED)
async def refresh_tokens(body: RefreshRequest, service: Service, limits: Limits, response: Response) -> Tokens:
    """Exchange the latest refresh token of a session for new tokens.

    A refresh token can be used once. Using it again later ends the session, because the token may have been stolen.
    """
    response.headers.update(NO_STORE)
    token = body.refresh_token.get_secret_value()
    await limits.take_refresh(token)
    return await service.refresh(token, datetime.now(UTC))


@router.post("/logout", summary="Log Out", status_code=204, responses=UNAUTHORIZED | UNAVAILABLE)
async def logout(claims: VerifiedClaims, service: Service) -> None:
    """End the current session; its access and refresh tokens stop working immediately.

    A session that has already ended is no error. With the code `access_token_active`, the session has ended, but the
    access token is accepted until it expires, unless a repetition succeeds.
    """
    await service.logout(claims, datetime.now(UTC))


@router.get("/me", response_model=UserOut, responses=UNAUTHORIZED | UNAVAILABLE)
async def get_current_user(claims: CurrentClaims, service: Service) -> User:
    """The current user."""
    user = await service.current_user(claims)
    if user is None:
        raise unauthorized("This user no longer exists")
    return user


@keys_router.get("/.well-known/jwks.json", summary="Get JWKS")
async def get_jwks(request: Request, response: Response) -> Jwks:
    """The public keys that verify access tokens."""
    signer: Signer = request.app.state.signer
    response.headers["Cache-Control"] = "public, max-age=60"
    return Jwks(keys=[key.jwk for key in signer.accepted(datetime.now(UTC))])


INVALID_TOKEN = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
RETRY = {"Retry-After": "5"}
# The status, detail, code and headers of the responses to errors without details.
RESPONSES: Mapping[type[Exception], tuple[int, str, str, Mapping[str, str]]] = {
    WrongCredentialsError: (
        401,
        "Wrong email or password",
        "wrong_credentials",
        {"WWW-Authenticate": 'Bearer realm="api"'},
    ),
    InvalidRefreshTokenError: (401, "The refresh token is invalid; log in again", "", INVALID_TOKEN),
    NoUserError: (401, "This user no longer exists", "", INVALID_TOKEN),
    NoSessionError: (404, "You have no session with this ID", "", {}),
    WrongPasswordError: (403, "The current password is wrong", "wrong_password", {}),
    BusyError: (503, "Too many passwords are being checked; try again", "", RETRY),
    AccessTokenActiveError: (
        503,
        "The session has ended, but its access token is accepted until it expires; try again",
        "access_token_active",
        RETRY,
    ),
    OtherTokensActiveError: (
        503,
        "The password has changed, but access tokens of other sessions work until they expire or you log in again",
        "access_token_active",
        {},
    ),
}


def handle_error(_request: Request, error: Exception) -> ProblemResponse:
    """Exception handler: the response to an error of the service."""
    match error:
        case RateLimitedError():
            return ProblemResponse(429, DETAIL, error.usage.headers())
        case GuessablePasswordError():
            message = "should be harder to guess: longer, or less common"
            return invalid([{"type": "password_guessable", "loc": ("body", error.field), "msg": message}])
        case InvalidLinkError():
            message = "is of a link that has expired, was used or replaced; request another mail"
            return invalid([{"type": "link_invalid", "loc": ("body", "token"), "msg": message}])
        case UnownedProjectsError():
            projects = [{"id": str(each.id), "name": each.name} for each in error.projects[:MAX_PROJECTS]]
            number = len(error.projects)
            detail = f"Nobody else owns {number} of your projects: make another member an owner, or delete them as well"
            return ProblemResponse(409, detail, code="projects_without_owner", projects=projects)
    status, detail, code, headers = RESPONSES[type(error)]
    return ProblemResponse(status, detail, headers, code=code)


HANDLED_ERRORS = (*RESPONSES, RateLimitedError, GuessablePasswordError, InvalidLinkError, UnownedProjectsError)
