"""Administrators make item types of their own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

LISTS = ("options", "context_keys", "optional_keys")


def upgrade() -> None:
    op.create_table(
        "item_types",
        sa.Column("name", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("label", "queue", "resource_type")),
        sa.Column("default_priority", sa.Text(), nullable=False),
        *(
            sa.Column(name, postgresql.JSONB(none_as_null=True), nullable=False, server_default=sa.text("'[]'::jsonb"))
            for name in LISTS
        ),
        sa.Column("runbook", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("sla_hours", sa.Float()),
        sa.Column("lease_minutes", sa.Integer()),
        sa.Column("first_response_by", sa.Text(), nullable=False, server_default=sa.text("'claim'")),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), sa.ForeignKey("staff.id")),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("queue IN ('customer', 'automation', 'provider_data')", name="item_types_queue"),
        sa.CheckConstraint("default_priority IN ('critical', 'high', 'medium', 'low')", name="item_types_priority"),
    )
