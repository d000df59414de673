"""Two provider records side by side, field by field, as the reviewer may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import OpsError
from core.looking import looked
from core.permissions import Permission, requires
from core.queue.deciding import case_of
from core.resolutions.effects import Case
from core.resolutions.merging import differing, pair
from core.resolutions.provider_fields import LABELS
from core.uow import UnitOfWork


@dataclass(frozen=True)
class Pair:
    """One field of both records; empty where a record says nothing."""

    name: str
    label: str
    one: str
    other: str


@dataclass(frozen=True)
class Comparison:
    """Two records by their numbers: the fields in which they differ, those in which they say the same.

    `likeness` is how alike they were found, 0 to 1, and `evidence` by what, strongest first; as the item tells it.
    """

    one: str
    other: str
    differing: tuple[Pair, ...]
    equal: tuple[Pair, ...]
    likeness: float | None
    evidence: tuple[str, ...]

    def merged(self, survivor: str, picks: Mapping[str, str]) -> dict[str, tuple[str, bool]]:
        """What the record that stays would say: label, value, and whether it comes from the other one."""
        chosen = {each.name: picks.get(each.name) or survivor for each in self.differing}
        told = {
            each.label: (each.one if chosen[each.name] == self.one else each.other, chosen[each.name] != survivor)
            for each in self.differing
        }
        found = told | {each.label: (each.one, False) for each in self.equal}
        return {label: found[label] for label in LABELS.values() if found.get(label, ("",))[0]}


@requires(Permission.OPS_READ, leaves=None)
def compare(uow: UnitOfWork, item_id: int) -> Comparison | None:
    """The two records that an item is about; None where there are not two any more. Part of looking at the item."""
    case = case_of(uow, item_id)
    if not uow.recorded("item.read"):
        looked(uow, "item.read", "work_item", item_id, pii=uow.principal.lens.clear)
    try:
        records = pair(case)
    except OpsError:
        return None
    apart = differing(*records)
    one, other = (_seen(case, record) for record in records)
    pairs = [Pair(name, label, one[name], other[name]) for name, label in LABELS.items()]
    return Comparison(
        str(records[0]["id"]),
        str(records[1]["id"]),
        tuple(each for each in pairs if each.name in apart),
        tuple(each for each in pairs if each.name not in apart and each.one),
        _likeness(case.context),
        tuple(_evidence(case)),
    )


def _seen(case: Case, record: Mapping[str, Any]) -> dict[str, str]:
    shown = case.uow.principal.lens.document({name: record[name] for name in LABELS})
    return {name: str(value or "") for name, value in shown.items()}


def _likeness(context: Mapping[str, Any]) -> float | None:
    told = context.get("similarity")
    is_share = isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told <= 1
    return float(told) if is_share and told is not None else None


def _evidence(case: Case) -> list[str]:
    told = case.context.get("evidence") or case.context.get("matched_on")
    return [case.uow.principal.lens.text(str(each)) or "" for each in told] if isinstance(told, list) else []
