"""A decision may be a proposal that waits for somebody else's approval; what has not left the outbox is found by number."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

KINDS = (
    "OPEN MERGE COMMENT FIELD_UPDATE CLAIM RELEASE ASSIGN WAIT RESUME DEFER WAKE ESCALATE RETRY RESPOND RESOLVE REJECT "
    "REOPEN UNDO PRIORITY_CHANGE EFFECT PROPOSE SEND_BACK"
)


def upgrade() -> None:
    op.add_column("work_items", sa.Column("proposal", postgresql.JSONB()))
    op.add_column("work_items", sa.Column("proposed_by", sa.BigInteger(), sa.ForeignKey("staff.id")))
    op.create_check_constraint("work_items_proposed", "work_items", "(proposal IS NULL) = (proposed_by IS NULL)")
    op.drop_constraint("work_actions_kind", "work_actions")
    listed = ", ".join(f"'{kind}'" for kind in KINDS.split())
    op.create_check_constraint("work_actions_kind", "work_actions", f"kind IN ({listed})")
    op.create_index(
        "outbox_not_gone", "outbox", ["id"], postgresql_where=sa.text("state IN ('waiting', 'leased', 'parked')")
    )
