"""Batches are kept: what is to be done to which items, how far it is, and who refused."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty = sa.text("'{}'::jsonb")
    op.create_table(
        "batches",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("staff_id", sa.BigInteger(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("told", postgresql.JSONB(), nullable=False, server_default=empty),
        sa.Column("items", postgresql.JSONB(), nullable=False, server_default=empty),
        sa.Column("refusals", postgresql.JSONB(), nullable=False, server_default=empty),
        sa.Column("tried", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("state", sa.Text(), nullable=False, server_default="going"),
        sa.Column("why", sa.Text()),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('going', 'stopped', 'ended')", name="batches_state"),
    )
    op.create_index(
        "batches_unfinished", "batches", ["staff_id", "id"], postgresql_where=sa.text("state <> 'ended'")
    )
    op.create_index("batches_by_owner", "batches", ["staff_id", "begun_at"])
