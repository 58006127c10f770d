"""add jobs and audit exports

Revision: 4d0f1c9a7b52
Revises: 5b0f6f3c9d21
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "4d0f1c9a7b52"
down_revision = "5b0f6f3c9d21"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("jobs_pkey")),
    )
    op.create_index("jobs_due_at_idx", "jobs", ["due_at"], postgresql_where=sa.text("failed_at IS NULL"))
    op.create_index("jobs_failed_at_idx", "jobs", ["failed_at"], postgresql_where=sa.text("failed_at IS NOT NULL"))
    op.execute(
        """
        CREATE FUNCTION notify_jobs() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('jobs', ''); RETURN NULL; END $$
        """
    )
    op.execute("CREATE TRIGGER jobs_notify AFTER INSERT ON jobs FOR EACH STATEMENT EXECUTE FUNCTION notify_jobs()")
    op.create_table(
        "audit_exports",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("events", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("audit_exports_project_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_exports_pkey")),
        sa.UniqueConstraint("project_id", name=op.f("audit_exports_project_id_key")),
    )
    op.create_table(
        "audit_export_parts",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["audit_exports.id"], name=op.f("audit_export_parts_export_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("export_id", "number", name=op.f("audit_export_parts_pkey")),
    )


def downgrade() -> None:
    """Revert this revision."""
    op.drop_table("audit_export_parts")
    op.drop_table("audit_exports")
    op.drop_table("jobs")
    op.execute("DROP FUNCTION notify_jobs()")
