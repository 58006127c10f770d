"""SQLAlchemy models; importing this package registers all tables."""

from shared.database.models.audit import AuditEvent
from shared.database.models.base import Base
from shared.database.models.projects import Membership, Project, Role
from shared.database.models.users import Session, User

__all__ = ["AuditEvent", "Base", "Membership", "Project", "Role", "Session", "User"]
