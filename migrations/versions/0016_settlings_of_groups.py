"""The settling of a failure group is kept: its plan, how far it is, and what came of each item."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "group_runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("failure_signature", sa.Text(), nullable=False),
        sa.Column("item_type", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("option", sa.Text(), nullable=False),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("canaries", sa.Integer(), nullable=False),
        sa.Column("most_failures", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="canaries"),
        sa.Column("sitting", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("untried", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("why", sa.Text()),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stepped_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('canaries', 'rest', 'stopped', 'done')", name="group_runs_state"),
        sa.CheckConstraint("canaries > 0 AND most_failures >= 0", name="group_runs_bounds"),
    )
    op.create_index("group_runs_by_group", "group_runs", ["failure_signature", "id"])
    op.create_index(
        "group_runs_one_moving",
        "group_runs",
        ["failure_signature"],
        unique=True,
        postgresql_where=sa.text("state IN ('canaries', 'rest')"),
    )
    op.create_table(
        "group_outcomes",
        sa.Column("run_id", sa.BigInteger(), sa.ForeignKey("group_runs.id"), primary_key=True),
        sa.Column("item_id", sa.BigInteger(), sa.ForeignKey("work_items.id"), primary_key=True),
        sa.Column("sitting", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('under_way', 'done', 'failed')", name="group_outcomes_state"),
    )
    op.create_index("group_outcomes_by_item", "group_outcomes", ["item_id"])
    op.create_index(
        "group_outcomes_under_way",
        "group_outcomes",
        ["run_id"],
        postgresql_where=sa.text("state = 'under_way'"),
    )
