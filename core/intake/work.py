"""Items that come in as they are: incidents, failed transfers, and whatever a program or a mapping describes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.intake.forms import WorkForm
from core.permissions import Permission, requires
from core.queue.newcomers import NewItem
from core.queue.opening import Opened, open_items
from core.uow import UnitOfWork


@requires(Permission.OPS_WRITE, leaves="item.opened")
def receive_work(uow: UnitOfWork, forms: Sequence[WorkForm], *, source: str = "api") -> list[Opened]:
    """Open an item for each, or merge it into the open one about the same thing; a known one is left as it is."""
    return open_items(uow, [_item(form, source) for form in forms])


def _item(form: WorkForm, source: str) -> NewItem:
    told: dict[str, Any] = {name: getattr(form, name) for name in WorkForm.model_fields}
    return NewItem(**told | {"source": source})
