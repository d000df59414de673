"""Alerts are found by whom they are for, not by person alone."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("alerts_by_person", table_name="alerts")
    op.create_index(
        "alerts_by_audience",
        "alerts",
        ["staff_id", "for_role", "for_queue", "last_seen_at"],
        unique=False,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
