"""Indexes over decisions that can still be undone, customers by their address, and what merging providers follows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "work_items_undoable",
        "work_items",
        ["resolved_at"],
        unique=False,
        postgresql_where=sa.text("undo_journal IS NOT NULL"),
    )
    op.create_index("customers_by_email", "customers", [sa.literal_column("lower(email)")], unique=False)
    op.create_index(
        "providers_by_survivor",
        "individual_providers",
        ["merged_into"],
        unique=False,
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index("distinct_pairs_by_higher", "distinct_provider_pairs", ["higher_id"], unique=False)
