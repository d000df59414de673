"""Facts are summed as they happen, so that metrics cost the same however much history there is.

The tables' triggers append what a statement changed; a job folds that into sums by the hour, by the day and in all.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

OPEN = "status IN ('open', 'in_progress', 'waiting', 'deferred')"
REVIEWED = "status IN ('resolved', 'rejected')"

STEP = """
CREATE FUNCTION metric_step(seconds numeric) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN seconds < 1 THEN 0 ELSE 1 + floor(8 * ln(seconds::float8) / ln(2::float8))::int END $$"""
HOUR = """
CREATE FUNCTION metric_hour(at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT date_bin('1 hour', at, '2000-01-01 00:00Z') $$"""

PAID = "coalesce(paid_amount, CASE WHEN payment_status IN ('paid', 'refunded') THEN amount END)"
TAKEN = f"coalesce({PAID}, 0)"
RETURNED = f"coalesce(returned_amount, CASE WHEN payment_status = 'refunded' THEN {TAKEN} ELSE 0 END)"
NET = f"greatest({TAKEN} - {RETURNED}, least({TAKEN}, 0))"

BOOKINGS = [
    f"('booking', created_at, status, currency, 0, {PAID} IS NOT NULL AND ({RETURNED} = 0 OR {NET} > 0), {NET}, true)"
]
MENDED = "extract(epoch FROM resolved_at - created_at)"
COMPLAINTS = [
    "('complaint', created_at, priority, status, 0, false, 0::numeric, true)",
    f"('complaint_resolved', resolved_at, '', '', metric_step({MENDED}), false, {MENDED}, "
    "status IN ('resolved', 'closed') AND resolved_at >= created_at)",
]
ANSWERED = "extract(epoch FROM first_responded_at - sla_started_at)"
SPENT = "extract(epoch FROM resolved_at - sla_started_at)"
ENDS = [
    f"('responded', first_responded_at, item_type, '', metric_step({ANSWERED}), false, {ANSWERED}, "
    "first_responded_at >= sla_started_at)",
    f"('decided', resolved_at, queue, status, 0, false, 0::numeric, {REVIEWED})",
    f"('resolved', resolved_at, item_type, coalesce(resolved_by::text, ''), metric_step({SPENT}), false, {SPENT}, "
    "status = 'resolved' AND resolved_at >= sla_started_at)",
    f"('kept', resolved_at, item_type, priority, 0, false, 0::numeric, {REVIEWED} AND resolved_at <= sla_deadline)",
    f"('late', sla_deadline, item_type, priority, 0, false, 0::numeric, {REVIEWED} AND resolved_at > sla_deadline)",
]
ITEMS = ["('arrived', created_at, queue, item_type, 0, escalation_level > 0, 0::numeric, true)", *ENDS]

KEYS = "fact, metric_hour(at), a, b, step"


def append(facts: list[str], *signed: tuple[int, str]) -> str:
    """Append what the facts of these rows come to, each source of rows with its sign; nothing where they cancel."""
    rows = " UNION ALL ".join(
        f"SELECT {sign} AS sign, f.* FROM {source} r CROSS JOIN LATERAL (VALUES {', '.join(facts)}) "
        "AS f(fact, at, a, b, step, marked, amount, told) WHERE told"
        for sign, source in signed
    )
    return f"""
INSERT INTO metric_deltas (fact, hour, a, b, step, n, marked, amount)
SELECT {KEYS}, sum(sign), coalesce(sum(sign) FILTER (WHERE marked), 0), sum(sign * amount)
FROM ({rows}) t GROUP BY {KEYS}
HAVING sum(sign) <> 0 OR sum(sign) FILTER (WHERE marked) <> 0 OR sum(sign * amount) <> 0;"""


def follow(table: str, facts: list[str]) -> None:
    """Have every statement that changes rows of a table append what it changed."""
    execute(f"""
CREATE FUNCTION metric_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN {append(facts, (1, "news"))}
    ELSIF TG_OP = 'DELETE' THEN {append(facts, (-1, "olds"))}
    ELSE {append(facts, (1, "news"), (-1, "olds"))}
    END IF;
    RETURN NULL;
END $$""")
    for event, tables in {
        "INSERT": "NEW TABLE AS news",
        "DELETE": "OLD TABLE AS olds",
        "UPDATE": "NEW TABLE AS news OLD TABLE AS olds",
    }.items():
        if table != "work_items" or event != "UPDATE":
            execute(
                f"CREATE TRIGGER {table}_metrics_{event.lower()} AFTER {event} ON {table} REFERENCING {tables} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION metric_{table}()"
            )


# Items change all the time in ways that no fact depends on: such changes must cost next to nothing. So a change of
# items is looked at row by row, by a condition that is weighed before any function is called.
READ = ("queue", "item_type", "priority", "status", "created_at", "escalation_level", "sla_started_at", "sla_deadline",
        "first_responded_at", "resolved_at", "resolved_by")  # fmt: skip
NEW_ROW, OLD_ROW = ("(SELECT " + ", ".join(f"{row}.{name}" for name in READ) + ")" for row in ("NEW", "OLD"))
CYCLE = ("queue", "item_type", "priority", "status", "sla_started_at", "sla_deadline", "first_responded_at",
         "resolved_at", "resolved_by")  # fmt: skip
CHANGED = """
    OLD.resolved_at IS DISTINCT FROM NEW.resolved_at OR OLD.first_responded_at IS DISTINCT FROM NEW.first_responded_at
    OR (OLD.escalation_level > 0) <> (NEW.escalation_level > 0) OR OLD.created_at <> NEW.created_at
    OR OLD.queue <> NEW.queue OR OLD.item_type <> NEW.item_type OR OLD.sla_cycle <> NEW.sla_cycle
    OR ((NEW.resolved_at IS NOT NULL OR NEW.first_responded_at IS NOT NULL) AND (
        OLD.status <> NEW.status OR OLD.priority <> NEW.priority OR OLD.sla_started_at <> NEW.sla_started_at
        OR OLD.sla_deadline IS DISTINCT FROM NEW.sla_deadline OR OLD.resolved_by IS DISTINCT FROM NEW.resolved_by))"""
ITEM_CHANGED = f"""
CREATE FUNCTION metric_item_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sla_cycle > OLD.sla_cycle AND OLD.resolved_at IS NOT NULL THEN
        INSERT INTO past_cycles (item_id, cycle, {", ".join(CYCLE)})
        VALUES (OLD.id, OLD.sla_cycle, {", ".join(f"OLD.{name}" for name in CYCLE)});
    END IF;
    {append(ITEMS, (1, NEW_ROW), (-1, OLD_ROW))}
    RETURN NULL;
END $$"""

# What a booking's payments come to stands in the booking, so that its facts look at nothing but its row. Whoever
# comes second waits for the first at the booking, and then sees the payment of both.
SETTLE = """
CREATE FUNCTION settle_bookings(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM bookings WHERE id = ANY(ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE bookings b SET paid_amount = s.paid, returned_amount = s.returned
    FROM (SELECT o.id, sum(p.amount) FILTER (WHERE p.status = 'paid') AS paid,
              sum(abs(p.amount)) FILTER (WHERE p.status = 'refunded') AS returned
          FROM bookings o LEFT JOIN payments p ON p.booking_id = o.id AND p.currency = o.currency
          WHERE o.id = ANY(ids) GROUP BY o.id) s
    WHERE b.id = s.id AND (b.paid_amount, b.returned_amount) IS DISTINCT FROM (s.paid, s.returned);
END $$"""
PAYMENTS = """
CREATE FUNCTION metric_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN PERFORM settle_bookings(ARRAY(SELECT DISTINCT booking_id FROM news));
    ELSIF TG_OP = 'DELETE' THEN PERFORM settle_bookings(ARRAY(SELECT DISTINCT booking_id FROM olds));
    ELSE PERFORM settle_bookings(ARRAY(SELECT booking_id FROM news UNION SELECT booking_id FROM olds));
    END IF;
    RETURN NULL;
END $$"""
CURRENCY = """
CREATE FUNCTION metric_booking_currency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM settle_bookings(ARRAY[NEW.id]);
    RETURN NULL;
END $$"""
PAYMENT_TRIGGERS = (
    "CREATE TRIGGER payments_metrics_insert AFTER INSERT ON payments REFERENCING NEW TABLE AS news "
    "FOR EACH STATEMENT EXECUTE FUNCTION metric_payments()",
    "CREATE TRIGGER payments_metrics_delete AFTER DELETE ON payments REFERENCING OLD TABLE AS olds "
    "FOR EACH STATEMENT EXECUTE FUNCTION metric_payments()",
    "CREATE TRIGGER payments_metrics_update AFTER UPDATE ON payments REFERENCING NEW TABLE AS news OLD TABLE AS olds "
    "FOR EACH STATEMENT EXECUTE FUNCTION metric_payments()",
    "CREATE TRIGGER bookings_metrics_currency AFTER UPDATE OF currency ON bookings FOR EACH ROW "
    "WHEN (OLD.currency <> NEW.currency) EXECUTE FUNCTION metric_booking_currency()",
)


def execute(statement: str) -> None:
    op.get_bind().exec_driver_sql(statement)


def upgrade() -> None:
    tables()
    indexes()
    for statement in (STEP, HOUR, SETTLE):
        execute(statement)
    execute("SELECT settle_bookings(ARRAY(SELECT DISTINCT booking_id FROM payments))")
    follow("bookings", BOOKINGS)
    follow("complaints", COMPLAINTS)
    follow("work_items", ITEMS)
    follow("past_cycles", ENDS)
    execute(ITEM_CHANGED)
    execute(
        "CREATE TRIGGER work_items_metrics_update AFTER UPDATE ON work_items FOR EACH ROW "
        f"WHEN ({CHANGED}) EXECUTE FUNCTION metric_item_changed()"
    )
    for statement in (PAYMENTS, CURRENCY, *PAYMENT_TRIGGERS):
        execute(statement)
    for table, facts in (("bookings", BOOKINGS), ("complaints", COMPLAINTS), ("work_items", ITEMS)):
        execute(append(facts, (1, table)))


def tables() -> None:
    op.create_table(
        "metric_deltas",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("a", sa.Text(), nullable=False),
        sa.Column("b", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        *sums(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "metric_rollups",
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("a", sa.Text(), nullable=False),
        sa.Column("b", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        *sums(),
        sa.CheckConstraint("span IN ('hour', 'day', 'all')", name="metric_rollups_span"),
        sa.PrimaryKeyConstraint("fact", "span", "since", "a", "b", "step"),
    )
    # Emptied every few seconds: what was in it must not stay in the way until the usual share of rows has gone.
    execute("ALTER TABLE metric_deltas SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)")
    execute("ALTER TABLE metric_rollups SET (fillfactor = 80)")
    op.create_table(
        "past_cycles",
        sa.Column("item_id", sa.BigInteger(), sa.ForeignKey("work_items.id"), nullable=False),
        sa.Column("cycle", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("queue", "item_type", "priority", "status")),
        sa.Column("sla_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sla_deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_responded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_by", sa.BigInteger(), sa.ForeignKey("staff.id"), nullable=True),
        sa.PrimaryKeyConstraint("item_id", "cycle"),
    )
    op.create_table(
        "metric_records",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record", postgresql.JSONB(none_as_null=True), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("bookings", sa.Column("paid_amount", sa.Numeric(14, 2), nullable=True))
    op.add_column("bookings", sa.Column("returned_amount", sa.Numeric(14, 2), nullable=True))


def sums() -> tuple[sa.Column, ...]:
    return (
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("marked", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
    )


def indexes() -> None:
    op.create_index("metric_records_by_time", "metric_records", ["at"])
    op.create_index("past_cycles_decided_at", "past_cycles", ["resolved_at"])
    op.create_index("past_cycles_responded_at", "past_cycles", ["first_responded_at"])
    op.create_index("past_cycles_due_at", "past_cycles", ["sla_deadline"])
    op.create_index(
        "complaints_by_resolved",
        "complaints",
        ["resolved_at"],
        postgresql_include=["created_at", "status"],
        postgresql_where=sa.text("resolved_at IS NOT NULL"),
    )
    for name in ("work_items_overdue", "work_items_decided_at"):
        op.drop_index(name, "work_items")
    op.create_index(
        "work_items_overdue",
        "work_items",
        ["sla_deadline", "id"],
        postgresql_include=["queue", "item_type", "priority", "status", "assigned_to", "created_at", "at_risk_at"],
        postgresql_where=sa.text(OPEN),
    )
    op.create_index(
        "work_items_decided_at",
        "work_items",
        ["resolved_at"],
        postgresql_include=["sla_started_at", "status", "item_type", "resolved_by"],
        postgresql_where=sa.text(REVIEWED),
    )
    op.create_index(
        "work_items_responded_at",
        "work_items",
        ["first_responded_at"],
        postgresql_include=["sla_started_at", "item_type"],
        postgresql_where=sa.text("first_responded_at IS NOT NULL"),
    )
