"""A group of deletions that failed, each of a file of its own in a storage that can fall ill."""

from __future__ import annotations

from sqlalchemy import text

from core import db
from core.outbox import delivering
from core.permissions import process
from core.queue import opening
from core.queue.newcomers import NewItem
from core.uow import perform
from tests.cast import Cast
from tests.outbox.storage import Storage
from tests.resolutions import records


def failed_deletions(cast: Cast, storage: Storage, number: int) -> list[int]:
    """The numbers of so many items, whose files stand in `storage`."""
    files = [storage.url(f"204/{file}.pdf") for file in range(number)]
    news = [_failure(plan, url) for plan, url in zip(_plans(files), files, strict=True)]
    return [each.id for each in perform(cast.admin, opening.open_items, news)]


def _failure(plan: int, url: str) -> NewItem:
    context = {"pdf_url": url, "pdf_generated_at": "2026-01-01", "retry_count": 3, "last_error": "503"}
    reason = f"storage answered 503 to plan {plan}"
    return NewItem("pdf_deletion_failed", "meal_plan", plan, reason=reason, context=context)


def _plans(files: list[str]) -> list[int]:
    """A meal plan for each file, in their order."""
    files_given = "unnest(CAST(:files AS text[]))"
    add = f"INSERT INTO meal_plans (customer_id, title, pdf_url) SELECT :customer, 'A plan', {files_given}"
    with db.engine("owner").begin() as connection:
        connection.execute(text(add), {"customer": records.customer(), "files": files})
        return list(
            connection.scalars(
                text("SELECT id FROM meal_plans WHERE pdf_url = ANY(:files) ORDER BY id"), {"files": files}
            )
        )


def deliver_all() -> None:
    """Send what is due until nothing is, as the job does within seconds."""
    job = process("job", "deliver_outbox")
    while sum(delivering.deliver(lambda verb, /, *args, **known: perform(job, verb, *args, **known)).values()):
        continue
