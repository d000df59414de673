"""Answers that programs may ask for again, and how often they call."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("token_id", sa.BigInteger(), sa.ForeignKey("api_tokens.id"), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("kept_answers_by_age", "kept_answers", ["created_at"])
    op.create_table(
        "call_rates",
        sa.Column("token_id", sa.BigInteger(), sa.ForeignKey("api_tokens.id"), primary_key=True),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
    )
