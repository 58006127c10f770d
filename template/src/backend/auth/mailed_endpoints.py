"""Routes that mail a link to a user, and those that the pages behind these links call."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from auth.account_endpoints import WRONG_PASSWORD, Accounts
from auth.endpoints import LIMITED, NO_STORE, WRONG_CREDENTIALS, Service
from auth.limits import Limits
from auth.mailed import MailedService
from auth.repository import Repository
from auth.schemas import EmailChange, EmailRequest, PasswordReset, Registration, Tokens, Verification
from shared.database.session import DatabaseSession
from shared.error_responses import INVALID, UNAUTHORIZED
from shared.mail import NO_MAIL, require_mail
from shared.schemas import LinkToken
from shared.security.authentication import CurrentClaims

router = APIRouter(prefix="/api/auth", tags=["auth"])
NEEDS_MAIL = Depends(require_mail)


def get_mailed(request: Request, database: DatabaseSession, auth: Service) -> MailedService:
    """Dependency: the service, in the transaction of the request."""
    return MailedService(Repository(database), request.app.state.passwords, auth)


Mailed = Annotated[MailedService, Depends(get_mailed)]


@router.post(
    "/register",
    status_code=202,
    response_class=Response,
    dependencies=[NEEDS_MAIL],
    responses=NO_MAIL | INVALID | LIMITED,
)
async def register(registration: Registration, mailed: Mailed, limits: Limits) -> None:
    """Register a user, who gets a link by mail that completes it, or the notice that there is an account already.

    The response is the same in both cases, so that nobody can find out who has an account.
    """
    await limits.take_mail("register", registration.email)
    await mailed.register(registration.email, registration.name, registration.password.get_secret_value())


@router.post(
    "/resend-verification",
    status_code=202,
    response_class=Response,
    dependencies=[NEEDS_MAIL],
    responses=NO_MAIL | INVALID | LIMITED,
)
async def resend_verification(body: EmailRequest, mailed: Mailed, limits: Limits) -> None:
    """Mail the link of the latest registration again; the response is the same without one."""
    await limits.take_mail("register", body.email)
    mailed.resend(body.email)


@router.post("/verify", responses=WRONG_CREDENTIALS | INVALID | LIMITED)
async def verify(body: Verification, mailed: Mailed, limits: Limits, response: Response) -> Tokens:
    """Complete a registration with the token of the link and the password, and start a session."""
    await limits.take("link", body.token.get_secret_value())
    response.headers.update(NO_STORE)
    token, password = body.token.get_secret_value(), body.password.get_secret_value()
    return await mailed.verify(token, password, datetime.now(UTC))


@router.post(
    "/forgot-password",
    status_code=202,
    response_class=Response,
    dependencies=[NEEDS_MAIL],
    responses=NO_MAIL | INVALID | LIMITED,
)
async def forgot_password(body: EmailRequest, mailed: Mailed, limits: Limits) -> None:
    """Mail a link with which a user chooses a new password; the response is the same without a user."""
    await limits.take_mail("reset", body.email)
    mailed.request_reset(body.email)


@router.post("/reset-password", status_code=204, responses=INVALID | LIMITED)
async def reset_password(body: PasswordReset, mailed: Mailed, limits: Limits) -> None:
    """Choose a new password with the token of the link, and end all sessions of the user.

    With the code `access_token_active`, both have happened, but access tokens of these sessions are accepted until they
    expire or the user logs in.
    """
    token = body.token.get_secret_value()
    await limits.take("link", token)
    await mailed.reset_password(token, body.new_password.get_secret_value(), datetime.now(UTC))


@router.post(
    "/change-email",
    status_code=202,
    response_class=Response,
    dependencies=[NEEDS_MAIL],
    responses=UNAUTHORIZED | WRONG_PASSWORD | NO_MAIL | INVALID | LIMITED,
)
async def change_email(body: EmailChange, claims: CurrentClaims, accounts: Accounts, limits: Limits) -> None:
    """Mail a link to a new address of the current user, which confirms it; until then, the old one remains."""
    await limits.take("password", str(claims.user_id))
    await limits.take_mail("email", body.email)
    await accounts.request_email(claims, body.password.get_secret_value(), body.email)


@router.post("/confirm-email", status_code=204, responses=INVALID | LIMITED)
async def confirm_email(body: LinkToken, mailed: Mailed, limits: Limits) -> None:
    """Use the new address with the token of the link; the old address gets a notice."""
    token = body.token.get_secret_value()
    await limits.take("link", token)
    await mailed.change_email(token, datetime.now(UTC))
