"""The auth service's routes."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from auth.repository import Repository
from auth.schemas import Credentials, Jwks, RefreshRequest, Registration, Tokens, UserOut
from auth.service import AuthService, EmailTakenError, InvalidRefreshTokenError, WrongCredentialsError
from shared.database.models import User
from shared.database.session import DatabaseSession
from shared.security.authentication import Caller, unauthorized
from shared.security.passwords import BusyError
from shared.security.tokens import Signer

router = APIRouter(prefix="/api/auth", tags=["auth"])
keys_router = APIRouter(tags=["auth"])

NO_STORE = {"Cache-Control": "no-store"}


def get_service(request: Request, database: DatabaseSession) -> AuthService:
    """Dependency: the service, in this request's transaction."""
    state = request.app.state
    return AuthService(Repository(database), state.passwords, state.signer, state.live, state.rotation)


Service = Annotated[AuthService, Depends(get_service)]


@router.post("/register", status_code=201, response_model=UserOut)
async def register(registration: Registration, service: Service) -> User:
    """Create a user."""
    return await service.register(registration.email, registration.name, registration.password.get_secret_value())


@router.post("/login")
async def login(credentials: Credentials, service: Service, response: Response) -> Tokens:
    """Open a session."""
    response.headers.update(NO_STORE)
    return await service.login(credentials.email, credentials.password.get_secret_value(), datetime.now(UTC))


@router.post("/refresh")
async def refresh(body: RefreshRequest, service: Service, response: Response) -> Tokens:
    """Exchange a session's newest refresh token for the next pair; one that was used before ends the session."""
    response.headers.update(NO_STORE)
    return await service.refresh(body.refresh_token.get_secret_value(), datetime.now(UTC))


@router.post("/logout", status_code=204)
async def logout(caller: Caller, service: Service) -> None:
    """End the session."""
    await service.logout(caller, datetime.now(UTC))


@router.get("/me", response_model=UserOut)
async def me(caller: Caller, service: Service) -> User:
    """The user who calls."""
    user = await service.me(caller)
    if user is None:
        raise unauthorized("This user no longer exists")
    return user


@keys_router.get("/.well-known/jwks.json")
async def jwks(request: Request, response: Response) -> Jwks:
    """The public keys that access tokens are verified with."""
    signer: Signer = request.app.state.signer
    response.headers["Cache-Control"] = "public, max-age=300"
    return Jwks(keys=[signer.jwk])


def refused(_request: Request, error: Exception) -> JSONResponse:
    """The answer to what the rules refuse."""
    match error:
        case EmailTakenError():
            return JSONResponse({"detail": "A user with this email exists"}, 409)
        case WrongCredentialsError():
            return JSONResponse({"detail": "Wrong email or password"}, 401)
        case BusyError():
            return JSONResponse(
                {"detail": "Too many passwords are being checked; try again"}, 503, {"Retry-After": "5"}
            )
        case _:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return JSONResponse({"detail": "The refresh token is not valid; log in again"}, 401, challenge)


REFUSALS = (EmailTakenError, WrongCredentialsError, BusyError, InvalidRefreshTokenError)
