"""A daily run whose runner was killed is begun again, so many times."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job_runs", sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("1")))
