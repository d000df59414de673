"""Who was handed an item last, which items wander from hand to hand, and which wait, are found by index."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "work_items_set_aside", "work_items", ["created_at"], unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )  # fmt: skip
    op.create_index(
        "work_actions_handed_on", "work_actions", ["at", "item_id"], unique=False,
        postgresql_where=sa.text("kind = 'RELEASE' OR (kind = 'ASSIGN' AND status_before = 'in_progress')"),
    )  # fmt: skip
    op.create_index(
        "work_actions_by_assignee", "work_actions", [sa.literal_column("(payload->>'assignee')"), "id"], unique=False,
        postgresql_where=sa.text("kind = 'ASSIGN'"),
    )  # fmt: skip
