"""What services share about mail: where it is sent, and what they need it for."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

import structlog
from fastapi import Request
from pydantic import AfterValidator

from shared.error_responses import ProblemResponse, describe
from shared.rate_limits import Rate
from shared.settings import DEPLOYED, Settings, is_loopback, refuse

# The usual ports of the schemes.
PORTS = {"smtp": 587, "smtps": 465}
# The end of the keys in Redis of the lists of mail that the inbox of development has received.
INBOX = "inbox"
NO_MAIL = describe(501, "Mail is not configured.")

log = structlog.get_logger()


class NoMailError(Exception):
    """The environment has no SMTP server."""


def _check_smtp_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in PORTS and parts.hostname and parts.port != 0 and parts.password is None
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ValueError("should be smtps://user@host:465, or smtp://user@host:587 for STARTTLS, without a password")
    return url


def _loopback(url: str, _others: Mapping[str, Any]) -> str | None:
    return "should not be an address of this machine" if is_loopback(url) else None


class MailSettings(Settings):
    """Settings of services that cause mail, which the worker sends."""

    smtp_url: Annotated[str, AfterValidator(_check_smtp_url), refuse(_loopback)] | None = None
    """smtps://[user@]host:465, or smtp://[user@]host:587 with STARTTLS, required unless the host is this machine."""

    @property
    def has_mail(self) -> bool:
        """Whether there is a server, or the inbox of development."""
        return self.smtp_url is not None or self.environment not in DEPLOYED

    def warn_without_mail(self) -> None:
        """Log a warning if there is neither."""
        if not self.has_mail:
            log.warning("mail is not configured: none is sent, and requests for it get 501", setting="SMTP_URL")


class MailRequestSettings(MailSettings):
    """The same with the limit of services whose requests cause mail."""

    rate_limit_mail: Rate = "5/hour"
    """Mails to an email address that requests can cause, of each kind, in all processes."""


async def require_mail(request: Request) -> None:
    """Dependency: 501 if the environment has no mail."""
    if not request.app.state.has_mail:
        raise NoMailError


def handle_no_mail(_request: Request, _error: Exception) -> ProblemResponse:
    """Exception handler of NoMailError."""
    return ProblemResponse(501, "This needs mail, which is not configured", code="mail_not_configured")
