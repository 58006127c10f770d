"""add schedules, and delete audit events without reading all

Revision: b7e42c6d5f18
Revises: 6d81f0b3a9c7
"""

import sqlalchemy as sa
from alembic import op

revision = "b7e42c6d5f18"
down_revision = "6d81f0b3a9c7"
branch_labels = None
depends_on = None

# By the places of the rows, since the planner expects to delete a tenth of the table, and would read all of it to join
# their IDs.
DELETE_AUDIT_EVENTS = """
CREATE OR REPLACE FUNCTION delete_audit_events(days integer, at_most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    WITH deleted AS (
        DELETE FROM audit_events WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM audit_events WHERE created_at < now() - make_interval(days => greatest(days, 30))
            ORDER BY created_at LIMIT at_most
        ))
        RETURNING 1
    )
    SELECT count(*) FROM deleted;
END
"""
BEFORE = """
CREATE OR REPLACE FUNCTION delete_audit_events(days integer, at_most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    WITH expired AS (
        SELECT id FROM audit_events WHERE created_at < now() - make_interval(days => greatest(days, 30)) LIMIT at_most
    ),
    deleted AS (
        DELETE FROM audit_events USING expired WHERE audit_events.id = expired.id RETURNING 1
    )
    SELECT count(*) FROM deleted;
END
"""


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "schedules",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("schedules_pkey")),
    )
    op.execute(DELETE_AUDIT_EVENTS)
    # The table has a row for each project at most, and they are deleted after a day.
    op.execute("-- squawk-ignore changing-column-type")
    op.alter_column("audit_exports", "size", type_=sa.BigInteger())


def downgrade() -> None:
    """Revert this revision."""
    op.alter_column("audit_exports", "size", type_=sa.Integer())
    op.execute(BEFORE)
    op.drop_table("schedules")
