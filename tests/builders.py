"""Short ways to put things into the database and to ask what is there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text

from core import db
from core.permissions import Principal
from core.queue import claiming, opening
from core.queue.newcomers import NewItem
from core.uow import perform


def rows(statement: str, **values: Any) -> list[Row[Any]]:
    """What a question to the database answers, asked as the application."""
    with db.engine("app").connect() as connection:
        return list(connection.execute(text(statement), values).all())


def count(table: str, where: str = "true", **values: Any) -> int:
    """How many rows of a table meet a condition."""
    return int(rows(f"SELECT count(*) FROM {table} WHERE {where}", **values)[0][0])


def item(item_id: int) -> Row[Any]:
    """One work item as it stands."""
    return rows("SELECT * FROM work_items WHERE id = :id", id=item_id)[0]


def opened(who: Principal, item_type: str = "odd_thing", **known: Any) -> int:
    """A new item's number."""
    return perform(who, opening.open_item, NewItem(item_type, **known)).id


def claimed(who: Principal, item_type: str = "odd_thing", **known: Any) -> int:
    """The number of a new item that `who` holds."""
    number = opened(who, item_type, **known)
    perform(who, claiming.claim, number)
    return number


def history(item_id: int) -> list[str]:
    """The kinds of an item's actions, oldest first."""
    return [row.kind for row in rows("SELECT kind FROM work_actions WHERE item_id = :id ORDER BY id", id=item_id)]
