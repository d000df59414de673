"""What an item's clock was corrected in is found by time, so that the past can be told as it was."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "clock_events_corrections",
        "clock_events",
        ["at", "item_id"],
        postgresql_where=sa.text("kind IN ('pause', 'resume', 'unfulfil', 'reprioritise', 'reopen')"),
    )
