"""An index over the few job runs that are going, among all that have been."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "job_runs_going", "job_runs", ["job"], unique=False, postgresql_where=sa.text("outcome = 'running'")
    )
