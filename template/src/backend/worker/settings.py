"""Settings of the worker."""

from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from shared.database.engine import DatabaseSettings, RolePassword
from shared.mail import MailSettings
from shared.redis import RedisSettings
from shared.settings import HttpUrl, Port, ServiceSettings, is_loopback, refuse

LOCALHOST = "localhost"


def _check_sender(sender: str) -> str:
    if not parseaddr(sender)[1].rpartition("@")[0] or "\n" in sender:
        raise ValueError("should be an address, such as Example <no-reply@example.com>")
    return sender


def _local_sender(sender: str, others: Mapping[str, Any]) -> str | None:
    is_local = parseaddr(sender)[1].endswith(f"@{LOCALHOST}")
    return "should be an address of your domain" if is_local and others.get("smtp_url") else None


def _local_links(url: str, others: Mapping[str, Any]) -> str | None:
    is_local = is_loopback(url) and others.get("smtp_url")
    return "should not be an address of this machine" if is_local else None


def _check_password(password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    """The password; None if it is empty, as is the file of containers without one."""
    if password is None or not password.get_secret_value():
        return None
    if "smtp_url" in info.data and not urlsplit(info.data["smtp_url"] or "").username:
        raise PydanticCustomError("user_missing", "needs a user in SMTP_URL, such as smtps://user@host:465")
    return password


class WorkerSettings(ServiceSettings, DatabaseSettings, RedisSettings, MailSettings):
    """Settings of the worker."""

    worker_port: Port = 8003
    """The port to listen on, for health checks and metrics."""

    worker_database_password: RolePassword
    """Secret: the password of the worker in the database."""

    database_pool_size: int = Field(default=10, ge=5)
    """Connections per process; the worker runs three jobs fewer at once."""

    smtp_password: Annotated[SecretStr | None, AfterValidator(_check_password)] = None
    """Secret: the password of the user in SMTP_URL."""

    smtp_ca_file: Path | None = None
    """A file with the certificates that sign the SMTP server's; by default those of the system."""

    mail_from: Annotated[str, AfterValidator(_check_sender), refuse(_local_sender)] = Field(
        default=f"no-reply@{LOCALHOST}", validate_default=True
    )
    """The sender of mail, such as Example <no-reply@example.com>."""

    public_url: Annotated[HttpUrl, refuse(_local_links)] = Field(
        default=f"http://{LOCALHOST}:3000", validate_default=True
    )
    """The URL of the pages that links in mail open; the README lists them."""

    audit_retention_days: int = Field(default=400, ge=30)
    """Days after which audit events are deleted."""

    @property
    def jobs_at_once(self) -> int:
        """The jobs that run at once in a process; relay, notifications and health checks use a connection each."""
        return self.database_pool_size - 3

    @property
    def mails_at_once(self) -> int:
        """Those of them that can send mail; the others do not wait for a slow SMTP server."""
        return self.jobs_at_once // 2
