"""Alerts are put off and acknowledged for a time, and kept silent within planned maintenance."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("alerts", sa.Column("loud_at", _MOMENT, server_default=sa.text("now()"), nullable=False))
    op.add_column("alerts", sa.Column("silent", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("UPDATE alerts SET loud_at = created_at")
    op.create_index(
        "alerts_loud", "alerts", ["loud_at"], postgresql_where=sa.text("resolved_at IS NULL AND severity = 'critical'")
    )
    op.add_column("alert_receipts", sa.Column("acknowledged_until", _MOMENT))
    op.create_table(
        "maintenance_windows",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("alert_types", postgresql.ARRAY(sa.Text())),
        sa.Column("queues", postgresql.ARRAY(sa.Text())),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
        sa.Column("planned_by", sa.BigInteger(), sa.ForeignKey("staff.id")),
        sa.CheckConstraint("ends_at > starts_at", name="maintenance_windows_span"),
    )
    op.create_index("maintenance_windows_by_end", "maintenance_windows", ["ends_at"])
