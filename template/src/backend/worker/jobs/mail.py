"""Jobs that send mail to users.

Secrets of links are made here, not where a job is added, so that none of them lies in the queue.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from shared.database.models import AccountToken, Invitation, Purpose, Registration, User
from worker.mail import Mail, Mailer
from worker.registry import Context

# What this service may read.
USER = load_only(User.id, User.email, User.account_version, raiseload=True)
REGISTRATION = load_only(Registration.id, Registration.email, Registration.created_at, raiseload=True)
# Pages at PUBLIC_URL, which get the token of the link, and its lifetime.
PAGES = {
    Purpose.VERIFY: ("verify", timedelta(days=1)),
    Purpose.RESET: ("reset-password", timedelta(hours=1)),
    Purpose.CHANGE_EMAIL: ("confirm-email", timedelta(hours=1)),
}
IGNORE = "If you did not ask for this, ignore this message: nothing changes without the link."
UNKNOWN = "If you do not know the sender, ignore this message."
FORGOTTEN = "If it was not you, or if you have forgotten your password, choose a new one:"
NOTICES = {
    "password": ("Your password was changed", "The password of your account was changed, and its sessions were ended."),
    "email": (
        "Your email address was changed",
        "Your account has another email address from now on. If it was not you, contact the operator at once.",
    ),
}


async def mail_verification(context: Context, email: str, registration_id: UUID | None = None) -> None:
    """Send the link that completes this or the latest registration, or the notice that there is an account already."""
    query = select(Registration).where(Registration.email == email).order_by(Registration.created_at.desc()).limit(1)
    if registration_id is not None:
        query = query.where(Registration.id == registration_id)
    registration = await context.database.scalar(query.options(REGISTRATION))
    if await _user(context, User.email == email):
        notice = "Somebody registered with this email address, but you already have an account: log in."
        await _send(context, email, "You already have an account", notice, FORGOTTEN, _page(context, "forgot-password"))
    elif registration:
        link = await _make_link(context, Purpose.VERIFY, registration_id=registration.id)
        await _send(context, email, "Confirm your email address", "To complete your registration, open:", link, IGNORE)


async def mail_password_reset(context: Context, email: str) -> None:
    """Send the link with which a user chooses a new password."""
    if user := await _user(context, User.email == email):
        link = await _make_link(context, Purpose.RESET, user_id=user.id, account_version=user.account_version)
        await _send(context, email, "Choose a new password", "To choose a new password, open:", link, IGNORE)


async def mail_email_change(context: Context, user_id: UUID, email: str) -> None:
    """Send the link that confirms the new address of a user, or the notice that another account has it."""
    if owner := await _user(context, User.email == email):
        account = "your account, which has it already" if owner.id == user_id else "another account"
        notice = f"Somebody wanted to use this email address for {account}. Nothing has changed."
        await _send(context, email, "You already have an account", notice)
    elif user := await _user(context, User.id == user_id):
        version = user.account_version
        link = await _make_link(context, Purpose.CHANGE_EMAIL, user_id=user_id, account_version=version, email=email)
        await _send(context, email, "Confirm your new email address", "To use this address, open:", link, IGNORE)


async def mail_invitation(context: Context, invitation_id: UUID, project: str, inviter: str) -> None:
    """Send the link of an invitation to a project, unless it was withdrawn; it replaces that of an earlier mail."""
    token, token_hash = _make_token()
    async with AsyncSession(context.state.engine) as session:
        change = update(Invitation).where(Invitation.id == invitation_id).values(token_hash=token_hash)
        email = await session.scalar(change.returning(Invitation.email))
        await session.commit()
    if email:
        subject = f"{inviter} invites you to the project {project}"
        needs = f"You can accept or decline this with an account with the address {email}. To see it, open:"
        await _send(context, email, subject, f"{subject}.", needs, _page(context, f"invitation?token={token}"), UNKNOWN)


async def mail_notice(context: Context, email: str, notice: Literal["password", "email"]) -> None:
    """Notify a user of a change of the account."""
    # With the old address, a password cannot be reset any more.
    advice = (FORGOTTEN, _page(context, "forgot-password")) if notice == "password" else ()
    await _send(context, email, *NOTICES[notice], *advice)


async def purge_invitations(context: Context) -> None:
    """Delete expired invitations."""
    await context.database.execute(delete(Invitation).where(Invitation.expires_at < datetime.now(UTC)))


async def purge_registrations(context: Context) -> None:
    """Delete expired tokens, and the registrations that can no longer be completed."""
    now = datetime.now(UTC)
    await context.database.execute(delete(AccountToken).where(AccountToken.expires_at < now))
    # After the last retry of the mail.
    oldest = now - 2 * PAGES[Purpose.VERIFY][1]
    await context.database.execute(delete(Registration).where(Registration.created_at < oldest))


async def _user(context: Context, condition: Any) -> User | None:
    return await context.database.scalar(select(User).where(condition).options(USER))


async def _make_link(context: Context, purpose: Purpose, **values: Any) -> str:
    """A link with a new token, which is committed first: the mail may be sent although the job fails afterwards."""
    token, token_hash = _make_token()
    page, lifetime = PAGES[purpose]
    async with AsyncSession(context.state.engine) as session:
        expires_at = datetime.now(UTC) + lifetime
        session.add(AccountToken(token_hash=token_hash, purpose=purpose, expires_at=expires_at, **values))
        await session.commit()
    return _page(context, f"{page}?token={token}")


def _make_token() -> tuple[str, bytes]:
    """A new token, and the hash to store."""
    token = secrets.token_urlsafe(32)
    return token, hashlib.sha256(token.encode()).digest()


def _page(context: Context, path: str) -> str:
    mailer: Mailer = context.state.mailer
    return f"{mailer.settings.public_url}/{path}"


async def _send(context: Context, to: str, subject: str, *paragraphs: str) -> None:
    mailer: Mailer = context.state.mailer
    await mailer.send(Mail(to, f"{subject} - {mailer.settings.app_name}", paragraphs), context.id)
