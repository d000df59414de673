"""What has been told of deadlines, so that a check looks only at what has not."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('complaints', sa.Column('risk_told_for', sa.DateTime(timezone=True), nullable=True))
    op.add_column('complaints', sa.Column('late_told_for', sa.DateTime(timezone=True), nullable=True))
    op.create_index('complaints_to_tell', 'complaints', ['resolution_due_at'], unique=False, postgresql_where=sa.text("status IN ('open', 'in_progress', 'escalated') AND late_told_for IS DISTINCT FROM resolution_due_at"))
    op.add_column('work_items', sa.Column('sla_told', sa.DateTime(timezone=True), nullable=True))
    op.create_index('work_items_to_escalate', 'work_items', ['sla_deadline', 'id'], unique=False, postgresql_where=sa.text("status IN ('open', 'in_progress', 'waiting', 'deferred') AND escalation_level = 0"))
    op.create_index('work_items_to_tell', 'work_items', [sa.literal_column('(LEAST(NULLIF(at_risk_at, sla_told), sla_deadline))'), 'id'], unique=False, postgresql_where=sa.text("status IN ('open', 'in_progress', 'waiting', 'deferred') AND sla_told IS DISTINCT FROM sla_deadline"))
