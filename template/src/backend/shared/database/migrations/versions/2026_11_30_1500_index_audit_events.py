"""index audit events by time

Revision: 6d81f0b3a9c7
Revises: c3a8e5d17f24
"""

from alembic import op

revision = "6d81f0b3a9c7"
down_revision = "c3a8e5d17f24"
branch_labels = None
depends_on = None

INDEX = "audit_events_created_at_idx"


def upgrade() -> None:
    """Apply this revision, while events are written."""
    with op.get_context().autocommit_block():
        # A run that was interrupted leaves an invalid index.
        op.drop_index(INDEX, "audit_events", if_exists=True, postgresql_concurrently=True)
        op.create_index(INDEX, "audit_events", ["created_at"], if_not_exists=True, postgresql_concurrently=True)


def downgrade() -> None:
    """Revert this revision."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, "audit_events", if_exists=True, postgresql_concurrently=True)
