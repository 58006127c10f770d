"""Routes with which users change their account and see their sessions."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request

from auth.accounts import AccountService
from auth.endpoints import LIMITED, Service
from auth.limits import Limits
from auth.repository import Repository
from auth.schemas import (
    AccountDeletion,
    PasswordChange,
    SessionList,
    SessionOut,
    UnownedProjectsProblem,
    UserOut,
    UserUpdate,
)
from shared.database.models import Session, User
from shared.database.session import DatabaseSession
from shared.error_responses import INVALID, UNAUTHORIZED, UNAVAILABLE, describe
from shared.request_id import device_name
from shared.security.authentication import CurrentClaims

router = APIRouter(prefix="/api/auth", tags=["auth"])

WRONG_PASSWORD = describe(403, "The current password is wrong.")
NO_SESSION = describe(404, "The current user has no session with this ID.")
UNOWNED_PROJECTS = describe(409, "Projects would have no owner.", model=UnownedProjectsProblem)


def get_accounts(request: Request, database: DatabaseSession, auth: Service) -> AccountService:
    """Dependency: the service, in the transaction of the request."""
    return AccountService(Repository(database), request.app.state.passwords, auth)


Accounts = Annotated[AccountService, Depends(get_accounts)]


@router.patch("/me", response_model=UserOut, responses=UNAUTHORIZED | INVALID | UNAVAILABLE)
async def update_current_user(changes: UserUpdate, claims: CurrentClaims, accounts: Accounts) -> User:
    """Change the current user."""
    return await accounts.rename(claims, changes.name)


@router.post("/change-password", status_code=204, responses=UNAUTHORIZED | WRONG_PASSWORD | INVALID | LIMITED)
async def change_password(body: PasswordChange, claims: CurrentClaims, accounts: Accounts, limits: Limits) -> None:
    """Change the password and end all other sessions of the current user.

    With the code `access_token_active`, both have happened, but access tokens of other sessions are accepted until they
    expire, or a log-in or the end of these sessions succeeds.
    """
    await limits.take("password", str(claims.user_id))
    password, new_password = body.password.get_secret_value(), body.new_password.get_secret_value()
    await accounts.change_password(claims, password, new_password, datetime.now(UTC))


@router.post(
    "/delete-account", status_code=204, responses=UNAUTHORIZED | WRONG_PASSWORD | UNOWNED_PROJECTS | INVALID | LIMITED
)
async def delete_account(body: AccountDeletion, claims: CurrentClaims, accounts: Accounts, limits: Limits) -> None:
    """Delete the current user, its sessions and its memberships.

    Projects with another owner remain. If there are projects that nobody else owns, they are listed, unless
    `delete_projects` is true: then they are deleted too.
    """
    await limits.take("password", str(claims.user_id))
    password = body.password.get_secret_value()
    await accounts.delete(claims, password, datetime.now(UTC), delete_projects=body.delete_projects)


@router.get("/sessions", responses=UNAUTHORIZED | UNAVAILABLE)
async def list_sessions(claims: CurrentClaims, service: Service) -> SessionList:
    """The active sessions of the current user, latest refresh first."""
    sessions = await service.list_sessions(claims, datetime.now(UTC))
    return SessionList(items=[session_out(each, claims.session_id) for each in sessions])


@router.delete("/sessions", status_code=204, responses=UNAUTHORIZED | UNAVAILABLE)
async def end_other_sessions(claims: CurrentClaims, service: Service) -> None:
    """End all sessions of the current user but the current one, as a log-out ends that."""
    await service.end_other_sessions(claims, datetime.now(UTC))


@router.delete("/sessions/{session_id}", status_code=204, responses=UNAUTHORIZED | NO_SESSION | INVALID | UNAVAILABLE)
async def end_session(
    session_id: Annotated[UUID, Path(description="The ID of the session.")], claims: CurrentClaims, service: Service
) -> None:
    """End a session of the current user, as a log-out ends the current one."""
    await service.end_session(claims, session_id, datetime.now(UTC))


def session_out(session: Session, current: UUID) -> SessionOut:
    """The response model of a session."""
    return SessionOut(
        id=session.id,
        device=device_name(session.user_agent),
        address=str(session.client) if session.client else None,
        created_at=session.created_at,
        refreshed_at=session.refreshed_at,
        expires_at=session.expires_at,
        is_current=session.id == current,
    )
