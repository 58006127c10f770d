"""All jobs by name, with their timeouts and schedules."""

from worker.jobs.exports import export_audit_events, purge_exports
from worker.jobs.mail import (
    mail_email_change,
    mail_invitation,
    mail_notice,
    mail_password_reset,
    mail_verification,
    purge_invitations,
    purge_registrations,
)
from worker.jobs.purges import purge_audit_events, purge_dead_letters
from worker.jobs.sessions import purge_sessions
from worker.registry import Job, by_name

JOBS = by_name(
    Job(export_audit_events, timeout=600),
    Job(mail_email_change, is_mail=True),
    Job(mail_invitation, is_mail=True),
    Job(mail_notice, is_mail=True),
    Job(mail_password_reset, is_mail=True),
    Job(mail_verification, is_mail=True),
    Job(purge_audit_events, schedule="27 * * * *"),
    Job(purge_dead_letters, schedule="57 * * * *"),
    Job(purge_exports, schedule="47 * * * *"),
    Job(purge_invitations, schedule="7 * * * *"),
    Job(purge_registrations, schedule="37 * * * *"),
    Job(purge_sessions, schedule="17 * * * *"),
)
