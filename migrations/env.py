"""Alembic's entrance: `core.migrating` hands over the connection and owns the transaction."""

from alembic import context
from sqlmodel import SQLModel

import core.tables  # noqa: F401 - fills the metadata
from core import db
from core.pii import PersonalText


def render_item(kind: str, obj: object, _context: object) -> str | bool:
    """A personal column is plain text to the database."""
    return "sa.Text()" if kind == "type" and isinstance(obj, PersonalText) else False


connection = context.config.attributes.get("connection")
if connection is None:
    connection = db.engine("owner").connect()
context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True, render_item=render_item)
with context.begin_transaction():
    context.run_migrations()
if context.config.attributes.get("connection") is None:
    connection.commit()
