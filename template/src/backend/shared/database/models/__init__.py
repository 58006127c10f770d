"""SQLAlchemy models; importing this package registers all tables."""

from shared.database.models.audit import PROJECT_EVENTS, AuditEvent
from shared.database.models.base import Base
from shared.database.models.exports import AuditExport, AuditExportPart
from shared.database.models.invitations import Invitation
from shared.database.models.jobs import Job, Schedule
from shared.database.models.projects import Membership, Project, Role
from shared.database.models.users import AccountToken, Purpose, Registration, Session, User

__all__ = [
    "PROJECT_EVENTS",
    "AccountToken",
    "AuditEvent",
    "AuditExport",
    "AuditExportPart",
    "Base",
    "Invitation",
    "Job",
    "Membership",
    "Project",
    "Purpose",
    "Registration",
    "Role",
    "Schedule",
    "Session",
    "User",
]
