"""Moves of items are found by when they were made, for the chart of how the queue came to be what it is."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "work_actions_moves",
        "work_actions",
        ["at"],
        postgresql_include=["status_before", "status_after"],
        postgresql_where=sa.text("kind <> 'MERGE' AND status_before IS DISTINCT FROM status_after"),
    )
