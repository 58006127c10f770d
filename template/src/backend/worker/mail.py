"""Sends mail through SMTP with TLS."""

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from html import escape
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
import structlog
from email_validator import validate_email

from shared import tracing
from shared.mail import PORTS
from shared.settings import is_loopback
from worker.settings import WorkerSettings

TIMEOUT_SECONDS = 15
# The status codes (RFC 3463) of addresses that do not exist; others, such as of relays, may be a fault of the settings.
NO_MAILBOX = re.compile(r"5\.1\.([0-6]|10)\b|5\.2\.1\b")
HTML = '<!doctype html><html lang="en"><body style="font: 16px/1.5 sans-serif">{}</body></html>'
PARAGRAPH = "<p>{}</p>"
LINK = '<p><a href="{0}">{0}</a></p>'

log = structlog.get_logger()


@dataclass(frozen=True)
class Mail:
    """A mail of plain paragraphs; the one that is a URL becomes a link."""

    to: str
    subject: str
    paragraphs: Sequence[str]

    def message(self, sender: str, job_id: UUID) -> EmailMessage:
        """The message; its ID is the same in each run of the job, so that servers can drop a repetition."""
        message = EmailMessage()
        message["From"] = sender
        message["To"] = ascii_domain(self.to)
        message["Subject"] = " ".join(self.subject.split())
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{job_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
        # No automatic replies to it (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(self.paragraphs) + "\n")
        html = "".join((LINK if is_link(each) else PARAGRAPH).format(escape(each)) for each in self.paragraphs)
        message.add_alternative(HTML.format(html), subtype="html")
        return message


class Mailer:
    """Sends each mail over a connection of its own, as mail is rare; without a URL, it sends none."""

    def __init__(self, settings: WorkerSettings, url: str | None) -> None:
        self.settings = settings
        self._url = url
        parts = urlsplit(url or "smtp://")
        self._host = parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._user = unquote(parts.username) if parts.username else None
        self._has_tls = parts.scheme == "smtps"
        # Required, except on this machine, where it is used if the server has it.
        self._starts_tls = False if self._has_tls else None if is_loopback(url or "") else True
        self._context = ssl.create_default_context(cafile=settings.smtp_ca_file)

    async def send(self, mail: Mail, job_id: UUID) -> None:
        """Send a mail; raises an SMTPException or OSError.

        An address that does not exist, or that the server does not support, is only logged: anybody can register it,
        and repetitions would not help.
        """
        if self._url is None:
            log.warning("mail not sent", job_id=str(job_id), reason="SMTP_URL is not set")
            return
        reason = ""
        try:
            await self._send(mail.message(self.settings.mail_from, job_id))
        except aiosmtplib.SMTPRecipientsRefused as error:
            found = NO_MAILBOX.match(error.recipients[0].message)
            if found is None:
                raise
            reason = found[0]
        except aiosmtplib.SMTPNotSupported:
            # Without STARTTLS, too.
            if ascii_domain(mail.to).isascii():
                raise
            reason = "not ASCII"
        if reason:
            log.warning("recipient refused", job_id=str(job_id), reason=reason)

    async def _send(self, message: EmailMessage) -> None:
        password = self.settings.smtp_password
        with tracing.span("send mail", {"server.address": self._host, "server.port": self._port}):
            await aiosmtplib.send(
                message,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=password.get_secret_value() if password else None,
                use_tls=self._has_tls,
                start_tls=self._starts_tls,
                tls_context=self._context,
                timeout=TIMEOUT_SECONDS,
            )


def ascii_domain(address: str) -> str:
    """The address with its domain in the form of IDNA, which all servers accept."""
    parts = validate_email(address, check_deliverability=False, test_environment=True)
    return f"{parts.local_part}@{parts.ascii_domain}"


def is_link(paragraph: str) -> bool:
    """Whether the paragraph is a URL."""
    return paragraph.startswith(("https://", "http://")) and " " not in paragraph
