"""Customers are found by their mobile number, however it is written."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("customers_by_mobile", "customers", [sa.text("regexp_replace(mobile, '[^0-9]+', '', 'g')")])
