"""add mailed links

Revision: 9e1d2b7c4a60
Revises: 4d0f1c9a7b52
"""

import sqlalchemy as sa
from alembic import op

revision = "9e1d2b7c4a60"
down_revision = "4d0f1c9a7b52"
branch_labels = None
depends_on = None

# Not all events of a shorter time can be deleted with the rights of the worker.
DELETE_AUDIT_EVENTS = """
CREATE FUNCTION delete_audit_events(days integer, at_most integer) RETURNS bigint
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
        "registrations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("registrations_pkey")),
    )
    op.create_index(op.f("registrations_email_idx"), "registrations", ["email"], unique=False)
    op.add_column("users", sa.Column("account_version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "account_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("account_version", sa.Integer(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("account_tokens_token_hash_length_check")),
        sa.CheckConstraint("purpose IN ('verify', 'reset', 'change_email')", name=op.f("account_tokens_purpose_check")),
        sa.CheckConstraint("num_nonnulls(registration_id, user_id) = 1", name=op.f("account_tokens_owner_check")),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.id"],
            name=op.f("account_tokens_registration_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("account_tokens_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("account_tokens_pkey")),
    )
    for column in ("expires_at", "registration_id", "user_id"):
        op.create_index(op.f(f"account_tokens_{column}_idx"), "account_tokens", [column], unique=False)
    op.execute(DELETE_AUDIT_EVENTS)


def downgrade() -> None:
    """Revert this revision."""
    op.execute("DROP FUNCTION delete_audit_events")
    op.drop_table("account_tokens")
    op.drop_column("users", "account_version")
    op.drop_table("registrations")
