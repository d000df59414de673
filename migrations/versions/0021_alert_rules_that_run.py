"""Alert rules that run: what happened with what rules may know of it, how far each rule is, and what it fired for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_TYPES = (
    "sla_at_risk",
    "sla_breach",
    "critical_complaint",
    "high_priority_item",
    "escalated_item",
    "high_workload",
    "unassigned_item",
    "payment_failure",
    "threshold",
    "daily_summary",
    "broadcast",
    "rule",
    "manual_resolution_sla_breach",
    "system",
)


def upgrade() -> None:
    _types("alerts", "alerts_type")
    _types("alert_subscriptions", "alert_subscriptions_type")
    _rules()
    _events()


def _types(table: str, constraint: str) -> None:
    op.drop_constraint(constraint, table)
    op.create_check_constraint(constraint, table, f"alert_type IN ({', '.join(repr(each) for each in _TYPES)})")


def _rules() -> None:
    op.create_index("alerts_by_rule", "alerts", ["rule_id"], postgresql_where=sa.text("rule_id IS NOT NULL"))
    op.add_column("alert_rules", sa.Column("owner_id", sa.BigInteger(), sa.ForeignKey("staff.id")))
    op.add_column("alert_rules", sa.Column("changed_at", _MOMENT, server_default=sa.text("now()"), nullable=False))
    op.add_column("alert_rules", sa.Column("since", _MOMENT))
    op.add_column("alert_rules", sa.Column("last_moment", _MOMENT))
    for name in ("last_event", "last_record"):
        op.add_column("alert_rules", sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("alert_rules", _document("state"))
    op.create_table(
        "alert_rule_versions",
        _key(),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _document("definition"),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("alert_rule_versions_by_rule", "alert_rule_versions", ["rule_id", "id"])
    op.create_table(
        "rule_firings",
        _key(),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("rule_firings_once", "rule_firings", ["rule_id", "subject_key", "at"], unique=True)
    op.create_index("rule_firings_by_rule", "rule_firings", ["rule_id", "at"])
    op.create_index("rule_firings_by_time", "rule_firings", ["at"])


def _events() -> None:
    op.create_table(
        "rule_events",
        _key(),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        _document("facts"),
        sa.Column("holder", sa.BigInteger()),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("deadline", _MOMENT),
    )
    op.create_index("rule_events_once", "rule_events", ["source_key"], unique=True)
    op.create_index("rule_events_by_kind", "rule_events", ["kind", "id"])
    op.create_index("rule_events_by_time", "rule_events", ["at"])
    op.create_table(
        "rule_recording",
        sa.Column("role", sa.Text(), primary_key=True),
        sa.Column("last_row", sa.BigInteger(), nullable=False),
        sa.Column("marked_at", _MOMENT, nullable=False),
        sa.CheckConstraint("role = 'recorder'", name="rule_recording_one_row"),
    )


def _key() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)


def _document(name: str) -> sa.Column:
    return sa.Column(name, postgresql.JSONB(none_as_null=True), server_default=sa.text("'{}'::jsonb"), nullable=False)
