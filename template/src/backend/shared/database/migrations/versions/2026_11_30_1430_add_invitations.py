"""add invitations

Revision: c3a8e5d17f24
Revises: 9e1d2b7c4a60
"""

import sqlalchemy as sa
from alembic import op

revision = "c3a8e5d17f24"
down_revision = "9e1d2b7c4a60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'owner')", name=op.f("invitations_role_check")),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("invitations_token_hash_length_check")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("invitations_project_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["users.id"], name=op.f("invitations_invited_by_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("invitations_pkey")),
        sa.UniqueConstraint("project_id", "email", name=op.f("invitations_project_id_email_key")),
        sa.UniqueConstraint("token_hash", name=op.f("invitations_token_hash_key")),
    )
    op.create_index(op.f("invitations_email_created_at_id_idx"), "invitations", ["email", "created_at", "id"])
    op.create_index(op.f("invitations_expires_at_idx"), "invitations", ["expires_at"])
    op.create_index(op.f("invitations_invited_by_idx"), "invitations", ["invited_by"])


def downgrade() -> None:
    """Revert this revision."""
    op.drop_table("invitations")
