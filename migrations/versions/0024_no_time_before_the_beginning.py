"""An item that ended before it began, as its source says, took no time: it is left out of the times of items."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

POSSIBLE = {
    "status = 'resolved' AND resolved_at >= sla_started_at": " AND resolved_at >= created_at",
    "first_responded_at >= sla_started_at": " AND first_responded_at >= created_at",
}
TAKE_BACK = """
INSERT INTO metric_deltas (fact, hour, a, b, step, n, marked, amount)
SELECT {fact}, metric_hour({at}), item_type, {by}, metric_step({took}), -1, 0, -({took})
FROM work_items WHERE {told} AND {at} < created_at"""


def upgrade() -> None:
    for function in ("metric_work_items", "metric_item_changed"):
        body = f"pg_get_functiondef('{function}'::regproc)"
        for told, possible in POSSIBLE.items():
            body = f"replace({body}, {quoted(told)}, {quoted(told + possible)})"
        execute(f"DO $$ BEGIN EXECUTE {body}; END $$")
    resolved, responded = POSSIBLE
    for fact, told, at, by in (
        ("'resolved'", resolved, "resolved_at", "coalesce(resolved_by::text, '')"),
        ("'responded'", responded, "first_responded_at", "''"),
    ):
        took = f"extract(epoch FROM {at} - sla_started_at)"
        execute(TAKE_BACK.format(fact=fact, told=told, at=at, by=by, took=took))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def execute(statement: str) -> None:
    op.get_bind().exec_driver_sql(statement)
