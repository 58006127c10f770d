"""add devices and project events

Revision: 5b0f6f3c9d21
Revises: 82ddf10b75d4
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5b0f6f3c9d21"
down_revision = "82ddf10b75d4"
branch_labels = None
depends_on = None

# Before a user is deleted: the projects of the user, and which of them nobody else owns, which it deletes on request.
# The locks are those of the projects service, so that no other owner can leave meanwhile.
RELEASE_PROJECTS = """
CREATE FUNCTION release_projects(member uuid, delete_unowned boolean)
RETURNS TABLE (project_id uuid, project_name text, is_unowned boolean)
LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    SELECT projects.id FROM projects JOIN memberships ON memberships.project_id = projects.id
    WHERE memberships.user_id = member ORDER BY projects.id FOR UPDATE OF projects;
    WITH own AS (
        SELECT projects.id, projects.name, memberships.role = 'owner' AND NOT EXISTS (
            SELECT FROM memberships AS others
            WHERE others.project_id = projects.id AND others.role = 'owner' AND others.user_id <> member
        ) AS unowned
        FROM projects JOIN memberships ON memberships.project_id = projects.id
        WHERE memberships.user_id = member
    ),
    deleted AS (
        DELETE FROM projects USING own WHERE projects.id = own.id AND own.unowned AND delete_unowned
    )
    SELECT own.id, own.name, own.unowned FROM own ORDER BY own.name, own.id;
END
"""
# What the projects service may read of the audit log.
PROJECT_EVENTS = """
CREATE VIEW project_events AS
SELECT id, created_at, actor_id, action, subject_id, request_id, client, user_agent, details
FROM audit_events WHERE action LIKE 'project.%' OR action LIKE 'member.%'
"""


def upgrade() -> None:
    """Apply this revision."""
    op.add_column("audit_events", sa.Column("user_agent", sa.Text(), nullable=True))
    # No code depends on it: events keep the ID of a deleted user.
    op.execute("-- squawk-ignore ban-drop-constraint")
    op.drop_constraint(op.f("audit_events_actor_id_fkey"), "audit_events", type_="foreignkey")
    op.add_column("sessions", sa.Column("client", postgresql.INET(), nullable=True))
    op.add_column("sessions", sa.Column("user_agent", sa.Text(), nullable=True))
    op.execute(RELEASE_PROJECTS)
    op.execute(PROJECT_EVENTS)


def downgrade() -> None:
    """Revert this revision."""
    op.execute("DROP VIEW project_events")
    op.execute("DROP FUNCTION release_projects")
    op.drop_column("sessions", "user_agent")
    op.drop_column("sessions", "client")
    op.execute("UPDATE audit_events SET actor_id = NULL WHERE actor_id NOT IN (SELECT id FROM users)")
    op.create_foreign_key(
        op.f("audit_events_actor_id_fkey"), "audit_events", "users", ["actor_id"], ["id"], ondelete="SET NULL"
    )
    op.drop_column("audit_events", "user_agent")
