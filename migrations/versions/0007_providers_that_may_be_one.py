"""Provider records are compared with those that are likely to be the same, each time they have changed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = "regexp_replace(lower(coalesce(organisation, last_name)), '[^a-z0-9]+', '', 'g')"
PLACE = "left(regexp_replace(lower(postal_code), '[^a-z0-9]+', '', 'g'), 5)"
ALIKE = {
    "phone": "right(regexp_replace(lower(phone), '[^a-z0-9]+', '', 'g'), 10)",
    "place_and_name": f"({PLACE} || left({NAME}, 4))",
    "place_and_address": f"({PLACE} || left(regexp_replace(lower(address_line1), '[^a-z0-9]+', '', 'g'), 6))",
    "state_and_name": f"(lower(state) || left({NAME}, 24))",
}


def upgrade() -> None:
    table = "individual_providers"
    op.add_column(table, sa.Column("scanned_as_of", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "providers_by_other_npis",
        table,
        [sa.text("(details -> 'npis')")],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    unscanned = sa.text("merged_into IS NULL AND scanned_as_of IS DISTINCT FROM updated_at")
    op.create_index("providers_unscanned", table, ["id"], postgresql_where=unscanned)
    for name, expression in ALIKE.items():
        where = sa.text("merged_into IS NULL")
        op.create_index(f"providers_alike_by_{name}", table, [sa.text(expression)], postgresql_where=where)
