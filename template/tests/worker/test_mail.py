"""Tests of mail over a real SMTP server, with and without TLS."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiosmtplib
import pytest
import trustme
from aiosmtpd.handlers import AsyncMessage
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from shared import tracing
from shared.mail import MailSettings
from shared.request_id import set_request_id
from shared.settings import Environment
from tests.support.clients import client_of
from tests.support.names import NAME, Names
from tests.support.receiver import Receiver
from tests.worker.conftest import Database, Work
from worker import repository
from worker.app import create_app
from worker.jobs.mail import mail_password_reset, mail_verification
from worker.mail import Mail, Mailer
from worker.registry import Context, Job, by_name
from worker.settings import WorkerSettings

JOB = uuid4()
REQUEST = "request-1234"
MAIL = Mail("ada@example.org", "Hello\r\nBcc: eve@example.org", ["<b>1 & 2</b>", "https://example.com/?a=1&b=2"])
PASSWORD = "not for people"


class Received(AsyncMessage):
    """Collects the mail that a server has accepted."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    async def handle_message(self, message: Any) -> None:
        self.mails.append(message_from_bytes(message.as_bytes(), policy=policy.default))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def settings(common: dict[str, Any], authority: trustme.CA, tmp_path: Path) -> WorkerSettings:
    """Settings with this authority."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return WorkerSettings(**common, mail_from="Slipway <no-reply@example.com>", smtp_ca_file=tmp_path / "ca.pem")


@asynccontextmanager
async def server(
    received: Received, context: ssl.SSLContext | None, *, implicit: bool, **options: Any
) -> AsyncIterator[int]:
    """An SMTP server; yields its port. `implicit` is TLS from the first byte, otherwise STARTTLS."""
    loop = asyncio.get_running_loop()
    starttls = None if implicit else context
    listening = await loop.create_server(
        lambda: SMTP(received, hostname="localhost", loop=loop, tls_context=starttls, **options),
        "127.0.0.1",
        ssl=context if implicit else None,
    )
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def context_of(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
async def test_mail_is_sent_over_tls_and_log_in(settings: WorkerSettings, authority: trustme.CA, scheme: str) -> None:
    def authenticate(_server: SMTP, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
        return AuthResult(success=login == LoginPassword(b"user", PASSWORD.encode()))

    received = Received()
    context = context_of(authority, "127.0.0.1")
    # The server only accepts a log-in after STARTTLS.
    user, options = ("user@", {"authenticator": authenticate, "auth_required": True}) if scheme == "smtp" else ("", {})
    async with server(received, context, implicit=scheme == "smtps", **options) as port:
        own = settings.model_copy(update={"smtp_password": SecretStr(PASSWORD)})
        mailer = Mailer(own, f"{scheme}://{user}127.0.0.1:{port}")
        for _ in range(2):
            await mailer.send(MAIL, JOB)
    first, second = received.mails
    assert first["message-id"] == second["message-id"] == f"<{JOB}@example.com>"
    assert (first["from"], first["to"]) == ("Slipway <no-reply@example.com>", "ada@example.org")
    assert (first["subject"], first["bcc"], first["auto-submitted"]) == (
        "Hello Bcc: eve@example.org",
        None,
        "auto-generated",
    )
    text, html = [first.get_body([kind]) for kind in ("plain", "html")]
    assert text is not None
    assert html is not None
    assert text.get_content() == "<b>1 & 2</b>\n\nhttps://example.com/?a=1&b=2\n"
    assert "<p>&lt;b&gt;1 &amp; 2&lt;/b&gt;</p>" in html.get_content()
    assert '<a href="https://example.com/?a=1&amp;b=2">' in html.get_content()


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
@pytest.mark.parametrize("fault", ["authority", "name"])
async def test_server_with_a_wrong_certificate_gets_no_mail(
    settings: WorkerSettings, authority: trustme.CA, scheme: str, fault: str
) -> None:
    received = Received()
    context = context_of(trustme.CA(), "127.0.0.1") if fault == "authority" else context_of(authority, "example.com")
    async with server(received, context, implicit=scheme == "smtps") as port:
        with pytest.raises((aiosmtplib.SMTPException, OSError), match="certificate verify failed"):
            await Mailer(settings, f"{scheme}://127.0.0.1:{port}").send(MAIL, JOB)
    assert received.mails == []


async def test_server_without_starttls_gets_no_mail_unless_it_is_this_machine(
    settings: WorkerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = Received()
    names = Names.install(monkeypatch)
    async with server(received, None, implicit=False) as port:
        names.ports = [port]
        with pytest.raises(aiosmtplib.SMTPException, match="STARTTLS"):
            await Mailer(settings, f"smtp://{NAME}:{port}").send(MAIL, JOB)
        assert received.mails == []
        await Mailer(settings, f"smtp://127.0.0.1:{port}").send(MAIL, JOB)
    assert len(received.mails) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"smtp_url": "http://smtp.example.com"}, "smtp_url"),
        ({"smtp_url": "smtp://"}, "smtp_url"),
        ({"smtp_url": "smtp://smtp.example.com:x"}, "smtp_url"),
        ({"smtp_url": f"smtp://user:{uuid4()}@smtp.example.com"}, "smtp_url"),
        ({"mail_from": "nobody"}, "mail_from"),
        ({"environment": "staging", "smtp_url": "smtp://127.0.0.1:1025"}, "smtp_url"),
        ({"smtp_password": PASSWORD}, "smtp_password"),
        ({"smtp_password": PASSWORD, "smtp_url": None}, "smtp_password"),
        ({"environment": "production", "mail_from": "no-reply@localhost"}, "mail_from"),
        ({"environment": "production", "public_url": "http://localhost:3000"}, "public_url"),
    ],
)
def test_wrong_settings_of_mail_are_refused(change: dict[str, str | None], field: str) -> None:
    deployed = {"smtp_url": "smtps://smtp.example.com", "mail_from": "a@example.com", "public_url": "https://example"}
    with pytest.raises(ValidationError) as refused:
        WorkerSettings.model_validate({"environment": "development", **deployed, **change})
    assert field in {each["loc"][0] for each in refused.value.errors()}


def test_empty_password_of_the_server_counts_as_none(common: dict[str, Any]) -> None:
    # The file of containers is empty with a relay that needs no user.
    found = WorkerSettings(**common, smtp_url="smtps://smtp.example.com", smtp_password=SecretStr(""))
    assert found.smtp_password is None


async def test_worker_without_a_server_warns_once_and_logs_each_mail(
    database: Database, worker_settings: WorkerSettings
) -> None:
    await database.execute("INSERT INTO users (email, name, password_hash) VALUES (%s, 'Ada', 'x')", MAIL.to)
    settings = worker_settings.model_copy(update={"environment": Environment.PRODUCTION})
    with capture_logs() as logs:
        async with client_of(create_app(settings, by_name(Job(mail_password_reset)))):
            ids = [await database.add("mail_password_reset", email=MAIL.to) for _ in range(2)]
            for each in ids:
                await database.finished(each)
    found = [each for each in logs if "SMTP_URL" in str(each)]
    assert [each["event"] for each in found if "setting" in each] == [
        "mail is not configured: none is sent, and requests for it get 501"
    ]
    assert {each["job_id"] for each in found if each["event"] == "mail not sent"} == {str(each) for each in ids}
    assert MAIL.to not in str(logs)


def test_environment_without_a_server_only_has_mail_in_development() -> None:
    found = {each: MailSettings(environment=each).has_mail for each in Environment}
    assert [each for each, has_mail in found.items() if has_mail] == [Environment.DEVELOPMENT]


async def test_bounced_mail_is_retried_and_then_reported(
    database: Database, worker_settings: WorkerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "RETRY_AFTER", timedelta())
    await database.execute("INSERT INTO users (email, name, password_hash) VALUES (%s, 'Ada', 'x')", MAIL.to)
    async with server(Received(), None, implicit=False, data_size_limit=10) as port:
        settings = worker_settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"})
        async with client_of(create_app(settings, by_name(Job(mail_password_reset, attempts=2)))):
            row = await database.dead(await database.add("mail_password_reset", email=MAIL.to))
    assert row["failures"] == 2
    assert "message size exceeds" in row["error"]
    assert await database.values("SELECT purpose FROM account_tokens") == ["reset", "reset"]


async def test_mail_to_an_address_that_does_not_exist_is_not_retried(settings: WorkerSettings) -> None:
    async def refuse(_server: SMTP, _session: Any, _envelope: Any, address: str, _options: Any) -> str:
        return "554 5.7.1 relay access denied" if address.endswith("@example.com") else "550 5.1.1 no such user"

    received = Received()
    vars(received)["handle_RCPT"] = refuse
    async with server(received, None, implicit=False) as port:
        mailer = Mailer(settings, f"smtp://127.0.0.1:{port}")
        for address in ("ada@example.org", "adä@example.org", "ada@exämple.org"):
            await mailer.send(Mail(address, "Hello", []), JOB)
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused, match="relay access denied"):
            await mailer.send(Mail("ada@example.com", "Hello", []), JOB)
    assert received.mails == []


async def test_domain_of_a_recipient_is_sent_as_idna(settings: WorkerSettings) -> None:
    received = Received()
    async with server(received, None, implicit=False) as port:
        await Mailer(settings, f"smtp://127.0.0.1:{port}").send(Mail("ada@exämple.org", "Hello", []), JOB)
    [mail] = received.mails
    assert (mail["to"], mail["x-rcptto"]) == ("ada@xn--exmple-cua.org",) * 2


async def test_mail_of_a_registration_has_its_own_link(database: Database, work: Work) -> None:
    insert = "INSERT INTO registrations (email, name, password_hash) VALUES (%s, 'Ada', 'x') RETURNING id"
    first, _latest = [(await database.values(insert, MAIL.to))[0] for _ in range(2)]
    async with work(Job(mail_verification)):
        await database.finished(await database.add("mail_verification", email=MAIL.to, registration_id=first))
    assert await database.values("SELECT registration_id FROM account_tokens") == [first]


async def test_mail_of_a_failed_run_has_a_link_that_works(database: Database, worker_settings: WorkerSettings) -> None:
    async def fail_afterwards(context: Context, email: str) -> None:
        await mail_password_reset(context, email)
        raise OSError("the connection to the database is lost")

    received = Received()
    await database.execute("INSERT INTO users (email, name, password_hash) VALUES (%s, 'Ada', 'x')", MAIL.to)
    async with server(received, None, implicit=False) as port:
        settings = worker_settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"})
        async with client_of(create_app(settings, by_name(Job(fail_afterwards, attempts=1)))):
            await database.dead(await database.add("fail_afterwards", email=MAIL.to))
    [mail] = received.mails
    body = mail.get_body(["plain"])
    assert body is not None
    token = body.get_content().partition("?token=")[2].split()[0]
    hashes = await database.values("SELECT token_hash FROM account_tokens")
    assert hashes == [hashlib.sha256(token.encode()).digest()]


async def test_expired_audit_events_are_found_without_reading_all(database: Database) -> None:
    query = """
        INSERT INTO audit_events (action, subject_id, created_at)
        SELECT 'day', gen_random_uuid(), now() - n * interval '1 hour' FROM generate_series(1, 20000) AS n
    """
    await database.execute(query)
    await database.execute("ANALYZE audit_events")
    # This backend's numbers, since they were last written to the statistics.
    scans = "SELECT pg_stat_get_xact_numscans('audit_events'::regclass)"
    async with database.connection.transaction():
        before = await database.values(scans)
        # None of them, and parts.
        for days, expected in ((900, 0), (600, 100), (600, 100)):
            assert await database.values("SELECT delete_audit_events(%s, 100)", days) == [expected]
        assert await database.values(scans) == before


async def test_expired_links_registrations_and_audit_events_are_deleted(
    database: Database, worker_settings: WorkerSettings
) -> None:
    await database.execute("INSERT INTO users (email, name, password_hash) VALUES (%s, 'Ada', 'x')", MAIL.to)
    for days in (0, 3):
        await database.execute(
            "INSERT INTO registrations (email, name, password_hash, created_at) VALUES (%s, 'Ada', 'x', now() - %s)",
            *(f"{days}@example.org", timedelta(days=days)),
        )
        await database.execute(
            """
            INSERT INTO account_tokens (token_hash, purpose, user_id, expires_at)
            SELECT sha256(%s), 'reset', id, now() + interval '1 hour' - %s FROM users
            """,
            *(str(days).encode(), timedelta(days=days)),
        )
    for days in (399, 401):
        query = "INSERT INTO audit_events (action, subject_id, created_at) VALUES (%s, %s, now() - %s)"
        await database.execute(query, f"day.{days}", uuid4(), timedelta(days=days))
    async with client_of(create_app(worker_settings)):
        for job in ("purge_registrations", "purge_audit_events"):
            await database.finished(await database.add(job))
    assert await database.values("SELECT email FROM registrations") == ["0@example.org"]
    assert await database.values("SELECT token_hash FROM account_tokens") == [hashlib.sha256(b"0").digest()]
    assert await database.values("SELECT action FROM audit_events") == ["day.399"]


async def test_mail_of_a_request_is_in_its_trace(database: Database, work: Work, traced: Receiver) -> None:
    span = tracing.begin("request", "SERVER", None)
    trace = tracing.current()
    assert trace is not None
    set_request_id(REQUEST.encode())
    async with work(Job(mail_verification, is_mail=True)):
        email = f"{uuid4().hex}@example.org"
        await database.execute("INSERT INTO registrations (email, name, password_hash) VALUES (%s, 'Ada', 'x')", email)
        job = await database.add("mail_verification", email=email)
        tracing.finish(span)
        await database.finished(job)
        names = ("job mail_verification", "send mail", "SELECT registrations", "INSERT account_tokens", "request")
        spans = await traced.trace(trace.trace_id, *(f"tested {each}" for each in names))
    run = spans["tested job mail_verification"]
    assert run.parent_id == trace.span_id
    attributes = {"job.name": "mail_verification", "job.id": str(job), "request.id": REQUEST, "job.outcome": "finished"}
    assert run.attributes == attributes
    assert {each.parent_id for each in spans.values() if each is not run} <= {run.span_id, trace.span_id, ""}
    assert email not in str(spans)
