"""add client to audit events

Revision: 82ddf10b75d4
Revises: c7fff1483561
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "82ddf10b75d4"
down_revision = "c7fff1483561"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.add_column("audit_events", sa.Column("client", postgresql.INET(), nullable=True))


def downgrade() -> None:
    """Revert this revision."""
    op.drop_column("audit_events", "client")
