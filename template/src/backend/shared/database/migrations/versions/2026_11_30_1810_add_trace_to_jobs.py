"""add the trace of the request to jobs

Revision: c3a95e07b4d2
Revises: b7e42c6d5f18
"""

import sqlalchemy as sa
from alembic import op

revision = "c3a95e07b4d2"
down_revision = "b7e42c6d5f18"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.add_column("jobs", sa.Column("trace", sa.Text(), nullable=True))


def downgrade() -> None:
    """Revert this revision."""
    op.drop_column("jobs", "trace")
