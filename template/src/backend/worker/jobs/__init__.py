"""All jobs by name, with their timeouts and schedules."""

from worker.jobs.exports import export_audit_events, purge_exports
from worker.jobs.sessions import purge_sessions
from worker.registry import Job, by_name

JOBS = by_name(
    Job(export_audit_events, timeout=600),
    Job(purge_exports, schedule="47 * * * *"),
    Job(purge_sessions, schedule="17 * * * *"),
)
