"""Customers are found by keyed hashes of their address and number; the job `mark_customers` fills in what is missing."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UNMARKED = "email IS NOT NULL AND email_hash IS NULL OR mobile IS NOT NULL AND mobile_hash IS NULL"
DIGITS = "regexp_replace({}.mobile, '[^0-9]+', '', 'g')"
KEPT = f"""
CREATE FUNCTION customers_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.email IS NULL OR (TG_OP = 'UPDATE' AND NEW.email_hash IS NOT DISTINCT FROM OLD.email_hash
            AND lower(btrim(NEW.email)) IS DISTINCT FROM lower(btrim(OLD.email))) THEN
        NEW.email_hash := NULL;
    END IF;
    IF NEW.mobile IS NULL OR (TG_OP = 'UPDATE' AND NEW.mobile_hash IS NOT DISTINCT FROM OLD.mobile_hash
            AND {DIGITS.format("NEW")} IS DISTINCT FROM {DIGITS.format("OLD")}) THEN
        NEW.mobile_hash := NULL;
    END IF;
    RETURN NEW;
END $$"""
"""No hash outlives its value, whoever writes: one that was forgotten is gone, and is filled in by the job."""
TRIGGERS = (
    "CREATE TRIGGER customers_marks_of_news BEFORE INSERT ON customers "
    "FOR EACH ROW EXECUTE FUNCTION customers_marks()",
    "CREATE TRIGGER customers_marks BEFORE UPDATE OF email, mobile, email_hash, mobile_hash ON customers "
    "FOR EACH ROW EXECUTE FUNCTION customers_marks()",
)


def upgrade() -> None:
    op.add_column("customers", sa.Column("email_hash", sa.LargeBinary()))
    op.add_column("customers", sa.Column("mobile_hash", sa.LargeBinary()))
    op.create_index("customers_by_email_hash", "customers", ["email_hash"])
    op.create_index("customers_by_mobile_hash", "customers", ["mobile_hash"])
    op.create_index("customers_unmarked", "customers", ["id"], postgresql_where=sa.text(UNMARKED))
    op.drop_index("customers_by_email", "customers")
    op.drop_index("customers_by_mobile", "customers")
    for statement in (KEPT, *TRIGGERS):
        op.execute(statement)
